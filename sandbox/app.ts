import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { apiRoutes } from './api.js';
import { challengeRoutes } from './challenge.js';
import { type Act, controlRoutes } from './control.js';
import { ApiRefusal } from './errors.js';
import type { Call } from './events.js';
import { type FaultSettings, type Faults, openFaults } from './faults.js';
import { settleProcessing } from './intents.js';
import { type Ledger, type LedgerTx, openLedger } from './ledger.js';
import { newId } from './objects.js';
import { settleRefund } from './refunds.js';
import { openWebhooks, pause } from './webhooks.js';

export type SandboxSettings = {
  /** 0 takes any free port. */
  port: number;
  host?: string;
  /** File of the durable ledger; without it everything is forgotten at the end. */
  dataPath?: string;
  webhook?: { url: string; secret: string };
  /** The key that clients must send. */
  secretKey: string;
  /** Where a fan's browser reaches this server, when that isn't its own address. */
  publicUrl?: string;
  faults?: Partial<FaultSettings>;
};

export type Sandbox = {
  port: number;
  url: string;
  ledger: Ledger;
  faults: Faults;
  close(): Promise<void>;
};

const bodyBytesMax = 256 * 1024;

/** Starts the sandbox and resolves once it listens; rejects when the port is taken. */
export async function startSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const host = settings.host ?? '127.0.0.1';
  const ledger = openLedger(settings.dataPath);
  const faults = openFaults(settings.faults);
  const stop = new AbortController();
  const webhooks =
    settings.webhook === undefined
      ? undefined
      : openWebhooks({ ledger, faults, ...settings.webhook });
  let publicUrl = settings.publicUrl?.replace(/\/$/, '') ?? '';
  const newCall = (request?: { id: string; key: string | null }): Call => ({
    requestId: request?.id ?? null,
    idempotencyKey: request?.key ?? null,
    webhooks: webhooks !== undefined && faults.settings().webhooks !== 'off',
    publicUrl,
    refunds: faults.settings().refunds,
    emitted: [],
  });
  const afterCommit = (call: Call): void => {
    webhooks?.send(call.emitted);
    for (const id of call.emitted) settleLater(id);
  };
  const settleLater = (eventId: string): void => {
    const event = ledger.get('event', eventId);
    if (event?.type === 'payment_intent.processing') settleIntentLater(event.data.object.id);
    if (event?.type === 'refund.created') settleRefundLater(event.data.object.id);
  };
  const settleRefundLater = (refundId: string): void => {
    if (ledger.get('plan', refundId)?.to == null) return;
    void pause(faults.settings().refund_ms, stop.signal).then(() => {
      if (!stop.signal.aborted) act((tx, call) => settleRefund(tx, call, refundId));
    });
  };
  /** Changes the ledger by itself, outside any request, and delivers what happened. */
  const act = <T>(work: (tx: LedgerTx, call: Call) => T): T => {
    const call = newCall();
    const result = ledger.transaction((tx) => work(tx, call));
    afterCommit(call);
    return result;
  };
  const settleIntentLater = (intentId: string): void => {
    void pause(faults.settings().processing_ms, stop.signal).then(() => {
      if (stop.signal.aborted) return;
      act((tx, call) => settleProcessing(tx, call, intentId));
    });
  };

  const server = createServer(
    buildApp({ settings, ledger, faults, newCall, afterCommit, act, stop }),
  );
  await listen(server, settings.port, host);
  const { port } = server.address() as AddressInfo;
  const url = `http://${host}:${port}`;
  if (publicUrl === '') publicUrl = url;
  webhooks?.send(ledger.all('event').map((event) => event.id));
  for (const intent of ledger.all('intent')) {
    if (intent.status === 'processing') settleIntentLater(intent.id);
  }
  for (const plan of ledger.all('plan')) settleRefundLater(plan.id);
  return {
    port,
    url,
    ledger,
    faults,
    close: async () => {
      stop.abort();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await webhooks?.close();
      ledger.close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function buildApp(deps: {
  settings: SandboxSettings;
  ledger: Ledger;
  faults: Faults;
  newCall: (request?: { id: string; key: string | null }) => Call;
  afterCommit: (call: Call) => void;
  act: Act;
  stop: AbortController;
}): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(express.text({ type: () => true, limit: bodyBytesMax }));
  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });
  app.use('/_sandbox', controlRoutes(deps));
  app.use('/3ds', challengeRoutes(deps));
  app.use(apiRoutes({ ...deps, secretKey: deps.settings.secretKey, stop: deps.stop.signal }));
  app.use((request, _response) => {
    throw new ApiRefusal(404, {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${request.method}: ${request.path}).`,
    });
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    if (response.headersSent || response.destroyed) return;
    const refusal = asRefusal(error);
    if (!response.hasHeader('request-id')) response.set('request-id', newId('req'));
    response.status(refusal.status).json({ error: refusal.body });
  });
  return app;
}

function asRefusal(error: unknown): ApiRefusal {
  if (error instanceof ApiRefusal) return error;
  const tooLarge = error instanceof Error && 'type' in error && error.type === 'entity.too.large';
  if (tooLarge) {
    return new ApiRefusal(413, { type: 'invalid_request_error', message: 'Request is too large.' });
  }
  console.error(error);
  return new ApiRefusal(500, { type: 'api_error', message: 'An unknown error occurred' });
}
