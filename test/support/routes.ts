import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type Express } from 'express';
import type { ApiDeps } from '../../api/deps.js';
import { openLimits } from '../../api/limits.js';
import { openMetrics } from '../../api/metrics.js';
import { problemHandler } from '../../api/problem.js';
import { registerRoutes } from '../../api/register.js';
import type { Route } from '../../api/route.js';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { redisNames } from '../../core/redis/keys.js';
import { openLog } from '../../core/runtime/log.js';
import { createSecretsFile, loadSecrets } from '../../core/runtime/secrets.js';
import { openTokens } from '../../core/runtime/tokens.js';
import { openFanGuard } from '../../core/store/catalog/fans.js';
import type { TestStores } from './stores.js';

export type TestApi = {
  deps: ApiDeps;
  url: string;
  /** For a server of another kind in front of the same routes. */
  app: Express;
  call(
    path: string,
    options?: { method?: string; body?: unknown; token?: string; headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown>; bytes: Buffer }>;
  close(): Promise<void>;
};

/** Serves some routes over real stores, without the programs around them. */
export async function serveRoutes(
  stores: TestStores,
  routesOf: (deps: ApiDeps) => Route[],
): Promise<TestApi> {
  const folder = mkdtempSync(join(tmpdir(), `usher-routes-${randomBytes(3).toString('hex')}-`));
  createSecretsFile(join(folder, 'secrets.json'));
  const secrets = loadSecrets({ dataDir: folder, secretsFile: undefined, production: false });
  const log = openLog('test', 'silent');
  const names = redisNames(stores.redisPrefix);
  const redis = openRedis(stores.redisUrl, 'command', () => undefined);
  const deps = {
    ...stores,
    secrets,
    tokens: openTokens(secrets),
    log,
    names,
    redis,
    limits: openLimits(redis, names, 'off'),
    metrics: openMetrics(
      () => 0,
      () => 0,
    ),
    fans: await openFanGuard(stores.catalog, { everyMs: 50 }),
  } as unknown as ApiDeps;
  const app = express();
  app.use(express.json());
  registerRoutes(app, routesOf(deps), deps);
  app.use(problemHandler(log));
  const server = createServer(app);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    deps,
    url,
    app,
    call: async (path, { method = 'GET', body, token, headers = {} } = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      const parsed = isJson && bytes.length > 0 ? JSON.parse(bytes.toString()) : {};
      return { status: response.status, headers: response.headers, body: parsed, bytes };
    },
    close: async () => {
      deps.fans.close();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      closeRedis(redis);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
