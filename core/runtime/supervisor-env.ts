// What a local Usher consists of: its programs, their order, and the environment that each gets.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSecretsFile } from './secrets.js';

/** In the order of starting; see STOP_ORDER for the other one. */
export const PROGRAMS = ['sandbox', 'mailbox', 'api', 'admission', 'processor'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/** First whoever takes new work, then whoever finishes it, then what they lean on. */
export const STOP_ORDER: readonly ProgramName[] = [
  'api',
  'admission',
  'processor',
  'sandbox',
  'mailbox',
];

/** Everything that the programs of one local Usher are told; kept private in `local.json`. */
export type LocalSettings = {
  dataDir: string;
  catalogUrl: string;
  shardUrls: string[];
  redisUrl: string;
  ports: { api: number; sandbox: number; mailboxHttp: number; mailboxSmtp: number };
  stripe: { secretKey: string; webhookSecret: string; apiBase: string | null };
  smtpUrl: string;
  limits: string;
  secretsFile: string;
  /** False when a real provider or mail server was given instead. */
  runs: { sandbox: boolean; mailbox: boolean };
  /** An import that was started but not finished is repeated at the next start. */
  demoStarted: boolean;
  demoImported: boolean;
};

const LOCAL_FILE = 'local.json';

/** The settings of the last start on this folder; null before the first. */
export function readLocalSettings(dataDir: string): LocalSettings | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, LOCAL_FILE), 'utf8')) as LocalSettings;
  } catch {
    return null;
  }
}

export function saveLocalSettings(settings: LocalSettings): void {
  const file = join(settings.dataDir, LOCAL_FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Whether this local Usher runs the program itself. */
export function runsProgram(settings: LocalSettings, name: ProgramName): boolean {
  if (name === 'sandbox') return settings.runs.sandbox;
  if (name === 'mailbox') return settings.runs.mailbox;
  return true;
}

/**
 * Room for what a rush makes and drops at once: with V8's own 16 MB a fifteenth of the api's
 * processor time went into collecting it.
 */
export const programNodeOptions = '--max-semi-space-size=32';

/**
 * The variables for one program; `cli` gets what the api gets. They go on top of the environment
 * that the supervisor itself was started with.
 */
export function programEnv(
  settings: LocalSettings,
  program: ProgramName | 'cli',
): Record<string, string> {
  const { ports, stripe, dataDir } = settings;
  if (program === 'sandbox') {
    return {
      SANDBOX_PORT: String(ports.sandbox),
      SANDBOX_DATA: join(dataDir, 'sandbox.jsonl'),
      SANDBOX_WEBHOOK_URL: `http://127.0.0.1:${ports.api}/api/v1/payments/webhook`,
      SANDBOX_WEBHOOK_SECRET: stripe.webhookSecret,
      SANDBOX_SECRET_KEY: stripe.secretKey,
    };
  }
  if (program === 'mailbox') {
    return {
      MAILBOX_SMTP_PORT: String(ports.mailboxSmtp),
      MAILBOX_HTTP_PORT: String(ports.mailboxHttp),
      MAILBOX_DATA: join(dataDir, 'mailbox'),
    };
  }
  return {
    USHER_PORT: String(ports.api),
    USHER_DATA: dataDir,
    USHER_MYSQL_URL: settings.catalogUrl,
    USHER_SHARDS: settings.shardUrls.join(','),
    USHER_REDIS_URL: settings.redisUrl,
    STRIPE_SECRET_KEY: stripe.secretKey,
    STRIPE_WEBHOOK_SECRET: stripe.webhookSecret,
    ...(stripe.apiBase === null ? {} : { STRIPE_API_BASE: stripe.apiBase }),
    // The sandbox has cards of its own: fields of Stripe's would not know it.
    ...(settings.runs.sandbox ? { STRIPE_PUBLISHABLE_KEY: '' } : {}),
    USHER_SMTP_URL: settings.smtpUrl,
    USHER_LIMITS: settings.limits,
    USHER_SECRETS_FILE: settings.secretsFile,
  };
}

/**
 * The environment for a command that is to talk to the local Usher's own stores: what the caller
 * set stands, the rest comes from the last `usher up` on this folder. Null when there was none.
 */
export function localEnv(
  dataDir: string,
  env: NodeJS.ProcessEnv,
): Record<string, string | undefined> | null {
  const settings = readLocalSettings(dataDir);
  if (settings === null) return null;
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  return { ...programEnv(settings, 'cli'), ...given };
}

/** The secrets file that the programs are told to use. */
export function secretsFileFor(dataDir: string, env: NodeJS.ProcessEnv): string {
  return env.USHER_SECRETS_FILE || defaultSecretsFile(dataDir);
}
