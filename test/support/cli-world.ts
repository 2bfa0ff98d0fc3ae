import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { openGate } from '../../admission/gate.js';
import type { ApiDeps } from '../../api/deps.js';
import { staffRoutes } from '../../api/routes/staff-all.js';
import { runCli } from '../../cli/program.js';
import { createSecretsFile } from '../../core/runtime/secrets.js';
import { serveRoutes, type TestApi } from './routes.js';
import { openTestStores, type TestStores } from './stores.js';
import { until } from './until.js';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export type Ran = { code: number; out: string; err: string; json: Record<string, unknown> };

/** The staff routes over real stores, and the command line that talks to them. */
export type CliWorld = {
  stores: TestStores;
  /** `USHER_DATA` of the commands. */
  dataDir: string;
  api: TestApi;
  usher(...argv: string[]): Promise<Ran>;
  login(role: 'box_office' | 'ops' | 'admin'): void;
  close(): Promise<void>;
};

export async function openCliWorld(): Promise<CliWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-desk-'));
  createSecretsFile(join(folder, 'secrets.json'));
  const stores = await openTestStores();
  const api = await serveRoutes(stores, (deps) => {
    Object.assign(deps, { gate: openGate(deps) } satisfies Partial<ApiDeps>);
    return staffRoutes(deps);
  });
  await until(() => api.deps.redis.status === 'ready', { what: 'Redis' });
  return {
    stores,
    dataDir: folder,
    api,
    usher: async (...argv) => {
      const [stdout, stderr, stdin] = [new Sink(), new Sink(), new PassThrough()];
      stdin.end('');
      const env = {
        USHER_CONFIG: join(folder, 'login.json'),
        USHER_DATA: folder,
        USHER_MYSQL_URL: stores.catalogUrl,
        USHER_SHARDS: stores.shardUrls.join(','),
        USHER_REDIS_URL: stores.redisUrl,
        USHER_SECRETS_FILE: join(folder, 'secrets.json'),
        USHER_SMTP_URL: 'smtp://127.0.0.1:1',
        STRIPE_SECRET_KEY: 'sk_test_cli',
        STRIPE_WEBHOOK_SECRET: 'whsec_cli_test',
      };
      const code = await runCli(argv, { env, stdin, stdout, stderr });
      const json = argv.includes('--json') && stdout.text ? JSON.parse(stdout.text) : {};
      return { code, out: stdout.text, err: stderr.text, json };
    },
    login: (role) => {
      const expiresAtMs = Date.now() + 600_000;
      const claims = { fanId: `the-${role}`, epoch: 1, role, expiresAtMs };
      const token = api.deps.tokens.signSession(claims);
      const stored = { url: api.url, token, name: `the-${role}` };
      const expires_at = new Date(expiresAtMs).toISOString();
      writeFileSync(join(folder, 'login.json'), JSON.stringify({ ...stored, expires_at }));
    },
    close: async () => {
      api.deps.gate.close();
      await api.close();
      await stores.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
