import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import type { ApiDeps } from '../../api/deps.js';
import { openLimits } from '../../api/limits.js';
import { openMetrics } from '../../api/metrics.js';
import { problemHandler } from '../../api/problem.js';
import { registerRoutes } from '../../api/register.js';
import { bookingCancelRoutes } from '../../api/routes/booking-cancel.js';
import { bookingsRoutes } from '../../api/routes/bookings.js';
import { confirmRoutes } from '../../api/routes/confirm.js';
import { reservationsRoutes } from '../../api/routes/reservations.js';
import { staffExportRoutes } from '../../api/routes/staff-exports.js';
import { staffPaymentRoutes } from '../../api/routes/staff-payments.js';
import { staffRefundRoutes } from '../../api/routes/staff-refunds.js';
import { staffShowCancelRoutes } from '../../api/routes/staff-show-cancel.js';
import { webhookHandler } from '../../api/webhook.js';
import { formatId } from '../../core/domain/ids.js';
import { openProviderRate } from '../../core/payments/provider-rate.js';
import type { EventDeps } from '../../core/payments/settle-event.js';
import { openPayments } from '../../core/payments/stripe.js';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { redisNames } from '../../core/redis/keys.js';
import { openLog } from '../../core/runtime/log.js';
import { loadSecrets, type Secrets } from '../../core/runtime/secrets.js';
import { openTokens, type StaffRole, type Tokens } from '../../core/runtime/tokens.js';
import { openFanGuard } from '../../core/store/catalog/fans.js';
import { type Sandbox, startSandbox } from '../../sandbox/app.js';
import type { TestHold } from './fixtures.js';
import { openTestStores, type TestStores } from './stores.js';

export const webhookSecret = 'whsec_test';
export const secretKey = 'sk_test_usher';

/** Real stores, the sandbox, and an api with the paying part of Usher; no reconciler runs. */
export type PaymentWorld = {
  stores: TestStores;
  sandbox: Sandbox;
  secrets: Secrets;
  tokens: Tokens;
  /** Holds the secrets file, for programs that are started beside. */
  dataDir: string;
  deps: EventDeps;
  url: string;
  call(
    fanId: string,
    method: string,
    path: string,
    more?: { body?: unknown; headers?: Record<string, string>; role?: StaffRole },
  ): Promise<{ status: number; body: Record<string, unknown>; text: string; headers: Headers }>;
  /** The same as a member of staff. */
  callStaff: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<{ status: number; body: Record<string, unknown>; text: string }>;
  confirm(
    hold: TestHold,
    token: string,
    key: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Answers a 3-D Secure page as its fan: `complete` or `fail`. Returns the status. */
  answerChallenge(page: string, verdict: string): Promise<number>;
  close(): Promise<void>;
};

export async function openPaymentWorld({
  callsPerSecond,
}: {
  callsPerSecond?: number;
} = {}): Promise<PaymentWorld> {
  const stores = await openTestStores();
  const dataDir = mkdtempSync(join(tmpdir(), 'usher-pay-'));
  const secrets = loadSecrets({ dataDir, secretsFile: undefined, production: false });
  const log = openLog('test', 'fatal');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const webhook = { url: `${url}/api/v1/payments/webhook`, secret: webhookSecret };
  const sandbox = await startSandbox({ port: 0, secretKey, webhook });
  const redis = openRedis(stores.redisUrl, 'command', () => undefined);
  const names = redisNames(stores.redisPrefix);
  const payments = openPayments({
    rate:
      callsPerSecond === undefined
        ? undefined
        : openProviderRate({ redis, names, perSecond: callsPerSecond }),
    secretKey,
    apiBase: sandbox.url,
    webhookSecret,
    timeoutMs: 2_000,
    breakerResetMs: 200,
  });
  const deps: EventDeps = { ...stores, payments, redis, names, log, publicUrl: url };
  const tokens = openTokens(secrets);
  const fans = await openFanGuard(stores.catalog);
  const limits = openLimits(redis, names, 'off');
  const metrics = openMetrics(
    () => 0,
    () => 0,
  );
  const gate = { changed: async () => undefined };
  const config = { publicUrl: url };
  const api = { ...deps, config, secrets, tokens, limits, fans, metrics, gate };
  server.on('request', buildApp(api as unknown as ApiDeps));

  const call: PaymentWorld['call'] = async (fanId, method, path, more = {}) => {
    const expiresAtMs = Date.now() + 600_000;
    const role = more.role === undefined ? {} : { role: more.role };
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens.signSession({ fanId, epoch: 1, expiresAtMs, ...role })}`,
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more.headers,
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    const body = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
    return { status: response.status, body, text, headers: response.headers };
  };
  return {
    stores,
    sandbox,
    secrets,
    tokens,
    dataDir,
    deps,
    url,
    call,
    callStaff: (method, path, body) =>
      call('desk', method, path, { role: 'admin', ...(body === undefined ? {} : { body }) }),
    confirm: (hold, token, key) => {
      const ref = { showId: hold.showId, no: hold.reservationId };
      const body = { reservation_id: formatId('reservation', ref), payment_token: token };
      return call(hold.fanId, 'POST', '/confirm', { body, headers: { 'idempotency-key': key } });
    },
    answerChallenge,
    close: async () => {
      await sandbox.close();
      await closeServer(server);
      payments.close();
      fans.close();
      closeRedis(redis);
      await stores.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function buildApp(deps: ApiDeps): express.Express {
  const app = express();
  app.post('/api/v1/payments/webhook', express.raw({ type: () => true }), webhookHandler(deps));
  app.use(express.json());
  const routes = [
    ...confirmRoutes(deps),
    ...reservationsRoutes(deps),
    ...bookingsRoutes(deps),
    ...bookingCancelRoutes(deps),
    ...staffRefundRoutes(deps),
    ...staffExportRoutes(deps),
    ...staffShowCancelRoutes(deps),
    ...staffPaymentRoutes(deps),
  ];
  registerRoutes(app, routes, deps);
  app.use(problemHandler(deps.log));
  return app;
}

async function answerChallenge(page: string, verdict: string): Promise<number> {
  const { origin, pathname, searchParams } = new URL(page);
  const answer = await fetch(`${origin}${pathname}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_secret: searchParams.get('client_secret'), verdict }),
  });
  return answer.status;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
