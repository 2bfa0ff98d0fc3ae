// The settings of a local Usher: chosen at each start, with secrets that stay the same.
import { randomBytes } from 'node:crypto';
import { CATALOG_DATABASE, type Engines, SHARD_DATABASES } from './engines.js';
import type { EnginesFound } from './engines-find.js';
import { nextFreePort } from './ports.js';
import { createSecretsFile } from './secrets.js';
import {
  type LocalSettings,
  readLocalSettings,
  saveLocalSettings,
  secretsFileFor,
} from './supervisor-env.js';

const PORTS = { api: 3000, sandbox: 12_111, mailboxHttp: 8025, mailboxSmtp: 1025 };

/**
 * Chooses ports, makes or keeps the secrets of this folder, and writes it all down. Returns also
 * what a person should know of ports that were taken.
 */
export async function prepareSettings(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  found: EnginesFound,
  engines: Engines,
): Promise<{ settings: LocalSettings; notes: string[] }> {
  const before = readLocalSettings(dataDir);
  const secretsFile = secretsFileFor(dataDir, env);
  if (!env.USHER_SECRETS_FILE) createSecretsFile(secretsFile);
  const { ports, notes } = await choosePorts(Number(env.USHER_PORT) || PORTS.api);
  const given = found.mysql.from === 'url' ? found.mysql : null;
  const settings: LocalSettings = {
    dataDir,
    catalogUrl: given?.catalogUrl ?? engines.mysqlUrl(CATALOG_DATABASE),
    shardUrls: given?.shardUrls ?? SHARD_DATABASES.map((name) => engines.mysqlUrl(name)),
    redisUrl: engines.redisUrl,
    ports,
    ...paymentSettings(env, ports.sandbox, before),
    smtpUrl: env.USHER_SMTP_URL || `smtp://127.0.0.1:${ports.mailboxSmtp}`,
    limits: env.USHER_LIMITS || 'normal',
    secretsFile,
    demoStarted: before?.demoStarted ?? false,
    demoImported: before?.demoImported ?? false,
  };
  saveLocalSettings(settings);
  return { settings, notes };
}

function paymentSettings(
  env: NodeJS.ProcessEnv,
  sandboxPort: number,
  before: LocalSettings | null,
): Pick<LocalSettings, 'stripe' | 'runs'> {
  const runs = { sandbox: !env.STRIPE_SECRET_KEY, mailbox: !env.USHER_SMTP_URL };
  if (env.STRIPE_SECRET_KEY) {
    if (!env.STRIPE_WEBHOOK_SECRET) {
      throw new Error(
        'STRIPE_SECRET_KEY is set but STRIPE_WEBHOOK_SECRET is not. Set both to use Stripe, or ' +
          'neither to use the local sandbox.',
      );
    }
    const apiBase = env.STRIPE_API_BASE || null;
    const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = env;
    return { runs, stripe: { secretKey, webhookSecret, apiBase } };
  }
  const kept = before?.runs.sandbox ? before.stripe : null;
  return {
    runs,
    stripe: {
      secretKey: kept?.secretKey ?? `sk_test_${randomBytes(16).toString('hex')}`,
      webhookSecret: kept?.webhookSecret ?? `whsec_${randomBytes(16).toString('hex')}`,
      apiBase: `http://127.0.0.1:${sandboxPort}`,
    },
  };
}

async function choosePorts(apiPort: number) {
  const wanted = { ...PORTS, api: apiPort };
  const ports = { ...wanted };
  const taken = new Set<number>();
  const notes: string[] = [];
  for (const name of ['api', 'sandbox', 'mailboxHttp', 'mailboxSmtp'] as const) {
    ports[name] = await nextFreePort(wanted[name], taken);
    taken.add(ports[name]);
    if (ports[name] === wanted[name]) continue;
    const what =
      name === 'api' ? 'the page' : name.replace('Http', ' page').replace('Smtp', ' mail');
    notes.push(`Port ${wanted[name]} is taken by another program: ${what} is on ${ports[name]}.`);
  }
  return { ports, notes };
}
