import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePorts } from '../../core/runtime/ports.js';

/** Where a private Usher's programs find their engines and keep their files. */
export type Place = {
  path: string | undefined;
  dataDir: string;
  catalogUrl: string;
  shardUrls: string[];
  redisUrl: string;
};

/**
 * The environment of all programs of a private Usher on free ports, with the payment sandbox and
 * the mailbox as its neighbours and without limits for callers.
 */
export async function programEnvironment(place: Place) {
  const ports = await freePorts(4);
  const [api, sandbox, smtp, mail] = ports.map(String) as [string, string, string, string];
  const secretKey = `sk_test_${randomBytes(9).toString('hex')}`;
  const webhookSecret = `whsec_${randomBytes(9).toString('hex')}`;
  return {
    PATH: place.path ?? '',
    USHER_PORT: api,
    USHER_DATA: join(place.dataDir, 'data'),
    USHER_MYSQL_URL: place.catalogUrl,
    USHER_SHARDS: place.shardUrls.join(','),
    USHER_REDIS_URL: place.redisUrl,
    USHER_LIMITS: 'off',
    STRIPE_SECRET_KEY: secretKey,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_API_BASE: `http://127.0.0.1:${sandbox}`,
    USHER_SMTP_URL: `smtp://127.0.0.1:${smtp}`,
    SANDBOX_PORT: sandbox,
    SANDBOX_DATA: join(place.dataDir, 'sandbox.jsonl'),
    SANDBOX_SECRET_KEY: secretKey,
    SANDBOX_WEBHOOK_URL: `http://127.0.0.1:${api}/api/v1/payments/webhook`,
    SANDBOX_WEBHOOK_SECRET: webhookSecret,
    MAILBOX_SMTP_PORT: smtp,
    MAILBOX_HTTP_PORT: mail,
    MAILBOX_DATA: join(place.dataDir, 'mail'),
  };
}
