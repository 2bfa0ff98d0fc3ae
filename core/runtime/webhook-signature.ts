import { createHmac } from 'node:crypto';

/**
 * The header by which a receiver of our webhooks knows that they are ours and how old they are:
 * `t=<seconds>,v1=<hex of HMAC-SHA256 over "<seconds>.<body>">`.
 */
export function signBody(secret: string, body: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
