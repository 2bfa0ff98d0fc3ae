import { resolve } from 'node:path';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const url = (schemes: string[]) =>
  z.string().refine((text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)), {
    error: `must begin with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });

const shape = {
  NODE_ENV: z.string().default('development'),
  USHER_PORT: port.default(3000),
  USHER_HOST: z.string().default('127.0.0.1'),
  USHER_DATA: z.string().default('.usher'),
  USHER_MYSQL_URL: url(['mysql', 'mariadb']),
  USHER_SHARDS: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(
      z
        .array(url(['mysql', 'mariadb']))
        .min(1)
        .max(64),
    ),
  USHER_REDIS_URL: url(['redis', 'rediss']),
  USHER_REDIS_PREFIX: z
    .string()
    .regex(/^[a-z0-9_-]{0,40}$/)
    .default('usher'),
  STRIPE_SECRET_KEY: z.string().min(8),
  STRIPE_WEBHOOK_SECRET: z.string().min(8),
  STRIPE_API_BASE: url(['http', 'https']).optional(),
  STRIPE_PUBLISHABLE_KEY: z.string().startsWith('pk_').optional(),
  USHER_PROVIDER_RATE: z.coerce.number().int().min(1).max(10_000).default(20),
  USHER_PUBLIC_URL: url(['http', 'https']).optional(),
  USHER_SMTP_URL: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(z.array(url(['smtp', 'smtps'])).min(1)),
  USHER_MAIL_FROM: z.string().min(3).default('Usher <tickets@usher.invalid>'),
  USHER_MESSAGE_WEBHOOK_URL: url(['http', 'https']).optional(),
  USHER_MESSAGE_WEBHOOK_SECRET: z.string().min(16).optional(),
  USHER_PUSH_HOSTS: z.enum(['public', 'any']).default('public'),
  USHER_EVENTS_WEBHOOK_URL: url(['http', 'https']).optional(),
  USHER_EVENTS_WEBHOOK_SECRET: z.string().min(16).optional(),
  USHER_LIMITS: z.enum(['normal', 'loose', 'off']).default('normal'),
  USHER_LANES_ISOLATION: z.enum(['READ COMMITTED', 'SERIALIZABLE']).default('READ COMMITTED'),
  USHER_SECRETS_FILE: z.string().optional(),
  USHER_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
};
const schema = z.object(shape);
// Read by commands, engines and tests, not by the programs.
const elsewhere = ['USHER_CONFIG', 'USHER_PRIVATE_PORTS', 'USHER_MYSQL_PASSWORD'];
const ofTools = /^USHER_(TEST|FUZZ|CLOCK|SHIFT)_/;

export type Config = {
  production: boolean;
  port: number;
  host: string;
  dataDir: string;
  catalogUrl: string;
  shardUrls: string[];
  redisUrl: string;
  redisPrefix: string;
  payments: {
    secretKey: string;
    webhookSecret: string;
    apiBase: string | undefined;
    /** For Stripe's own fields in the page; undefined with another server. */
    publishableKey: string | undefined;
    /** Calls that the provider takes a second. */
    ratePerSecond: number;
  };
  publicUrl: string;
  smtpUrls: string[];
  /** Sender of all mails, as `Name <address>`. */
  mailFrom: string;
  /** The operator's gateway for SMS and push. */
  messageGateway: { url: string; secret: string } | undefined;
  /** The operator's receiver of events. */
  eventsWebhook: { url: string; secret: string } | undefined;
  /** Which push services notes may go to: `any` is for tests. */
  pushHosts: 'public' | 'any';
  limits: 'normal' | 'loose' | 'off';
  /** Of the lanes' transactions; anything but READ COMMITTED is for a bench. */
  lanesIsolation: 'READ COMMITTED' | 'SERIALIZABLE';
  secretsFile: string | undefined;
  logLevel: string;
};

function filledOf(env: NodeJS.ProcessEnv) {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function faultsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
}

/**
 * What is wrong with the variables that are set, whatever is missing, one line each; and the set
 * ones that no part of Usher reads.
 */
export function checkGiven(env: NodeJS.ProcessEnv): { faults: string[]; unknown: string[] } {
  const parsed = schema.partial().safeParse(filledOf(env));
  const unknown = Object.keys(env).filter(
    (name) =>
      name.startsWith('USHER_') &&
      !(name in shape || elsewhere.includes(name) || ofTools.test(name)),
  );
  return { faults: parsed.success ? [] : faultsOf(parsed.error), unknown };
}

/**
 * Reads the environment once and reports every problem together, each with the variable's name.
 * @throws Error whose message is meant for the operator.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(filledOf(env));
  if (!parsed.success) {
    const faults = faultsOf(parsed.error);
    throw new Error(
      `The environment is not complete. \`./usher up\` sets all of it; by hand, mend:\n${faults.join('\n')}`,
    );
  }
  const value = parsed.data;
  const production = value.NODE_ENV === 'production';
  const faults: string[] = [];
  if (production && value.USHER_LIMITS === 'off') {
    faults.push('USHER_LIMITS=off is refused in production; use normal or loose');
  }
  if (production && value.USHER_PUSH_HOSTS === 'any') {
    faults.push('USHER_PUSH_HOSTS=any is refused in production; leave it out');
  }
  if (production && value.USHER_LANES_ISOLATION !== 'READ COMMITTED') {
    faults.push('USHER_LANES_ISOLATION is for a bench and refused in production; leave it out');
  }
  if (production && !value.USHER_SECRETS_FILE) {
    faults.push('USHER_SECRETS_FILE must name the file with your keys in production');
  }
  if (!value.USHER_MESSAGE_WEBHOOK_URL !== !value.USHER_MESSAGE_WEBHOOK_SECRET) {
    faults.push('USHER_MESSAGE_WEBHOOK_URL and USHER_MESSAGE_WEBHOOK_SECRET go together: set both');
  }
  if (!value.USHER_EVENTS_WEBHOOK_URL !== !value.USHER_EVENTS_WEBHOOK_SECRET) {
    faults.push('USHER_EVENTS_WEBHOOK_URL and USHER_EVENTS_WEBHOOK_SECRET go together: set both');
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return {
    production,
    port: value.USHER_PORT,
    host: value.USHER_HOST,
    dataDir: resolve(value.USHER_DATA),
    catalogUrl: value.USHER_MYSQL_URL,
    shardUrls: value.USHER_SHARDS,
    redisUrl: value.USHER_REDIS_URL,
    redisPrefix: value.USHER_REDIS_PREFIX,
    payments: {
      secretKey: value.STRIPE_SECRET_KEY,
      webhookSecret: value.STRIPE_WEBHOOK_SECRET,
      apiBase: value.STRIPE_API_BASE,
      publishableKey: value.STRIPE_PUBLISHABLE_KEY,
      ratePerSecond: value.USHER_PROVIDER_RATE,
    },
    publicUrl: value.USHER_PUBLIC_URL ?? `http://localhost:${value.USHER_PORT}`,
    smtpUrls: value.USHER_SMTP_URL,
    mailFrom: value.USHER_MAIL_FROM,
    eventsWebhook: webhookOf(value.USHER_EVENTS_WEBHOOK_URL, value.USHER_EVENTS_WEBHOOK_SECRET),
    messageGateway: webhookOf(value.USHER_MESSAGE_WEBHOOK_URL, value.USHER_MESSAGE_WEBHOOK_SECRET),
    pushHosts: value.USHER_PUSH_HOSTS,
    limits: value.USHER_LIMITS,
    lanesIsolation: value.USHER_LANES_ISOLATION,
    secretsFile: value.USHER_SECRETS_FILE,
    logLevel: value.USHER_LOG_LEVEL,
  };
}

function webhookOf(url: string | undefined, secret: string | undefined) {
  return url && secret ? { url, secret } : undefined;
}
