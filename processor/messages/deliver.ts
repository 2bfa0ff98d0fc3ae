import { subscriptionSchema } from '../../core/domain/push-subscription.js';
import type { Gateway } from '../../core/notify/gateway.js';
import type { Mailer } from '../../core/notify/mailer.js';
import type { WebPush } from '../../core/notify/web-push.js';
import type { Logger } from '../../core/runtime/log.js';
import { unseal } from '../../core/runtime/sealing.js';
import { type Account, readAccount } from '../../core/store/catalog/fan-accounts.js';
import {
  endMessage,
  failMessage,
  type Message,
  readMessage,
} from '../../core/store/catalog/messages.js';
import { forgetPush, readPushSealed } from '../../core/store/catalog/room-notes.js';
import { type Composed, compose, type WordsDeps } from './words.js';

export type DeliverDeps = WordsDeps & {
  mailer: Mailer;
  /** The operator's gateway for SMS and push; undefined where there is none. */
  gateway: Gateway | undefined;
  /** Notes to browsers; undefined where the secrets hold no VAPID key. */
  webPush?: WebPush | undefined;
  log: Logger;
};

/** More than two hours of trying: a mail server may be away for one. */
export const messageTriesMax = 20;
const backOffMsMin = 1_000;
const backOffMsMax = 600_000;

/**
 * Delivers one claimed message. The row decides: whoever comes with an old claim, or after the
 * message has ended, does nothing. The address is opened only here and is kept nowhere.
 */
export async function deliver(
  deps: DeliverDeps,
  ref: { messageId: number; tries: number },
): Promise<void> {
  const message = await readMessage(deps.catalog, ref.messageId);
  if (message?.state !== 'WAITING' || message.tries !== ref.tries) return;
  try {
    await send(deps, message);
  } catch (error) {
    await fail(deps, message, error);
  }
}

async function send(deps: DeliverDeps, message: Message): Promise<void> {
  const { messageId } = message;
  const account = await readAccount(deps, message.fanId);
  const composed = account && (await compose(deps, message, { name: account.name ?? '' }));
  if (!account || !composed) {
    await endMessage(deps.catalog, messageId, { state: 'DROPPED' });
    return;
  }
  const ways = { mail, gateway: push, webpush };
  const outcome = await ways[message.channel](deps, message, composed, account);
  if (outcome.kind === 'failed') throw new Error(`not taken: ${outcome.reason}`);
  const title = composed.subject;
  if (outcome.kind === 'sent') {
    await endMessage(deps.catalog, messageId, { state: 'SENT', title });
    return;
  }
  const { reason } = outcome;
  deps.log.warn({ messageId, kind: message.kind, reason }, 'a message was refused for good');
  await endMessage(deps.catalog, messageId, { state: 'REFUSED', title, error: reason });
}

type Outcome = { kind: 'sent' } | { kind: 'refused' | 'failed'; reason: string };

function mail(
  { mailer }: DeliverDeps,
  { key }: Message,
  { subject, text, html, attachments }: Composed,
  { email }: Account,
): Promise<Outcome> {
  return mailer.send({ subject, text, html, attachments, to: email, key });
}

async function push(
  { gateway }: DeliverDeps,
  { key, kind, fanId }: Message,
  { locale, subject, short, url }: Composed,
  { phone }: Account,
): Promise<Outcome> {
  if (!gateway) return { kind: 'refused', reason: 'no_gateway' };
  return gateway.send({
    message_id: key,
    kind,
    to: { fan_id: fanId, phone },
    locale,
    title: subject,
    text: short,
    url,
  });
}

/** The subscription lies sealed beside the fan's wish, and is opened only here. */
async function webpush(
  { catalog, secrets, webPush }: DeliverDeps,
  { fanId, detail }: Message,
  { subject, short, url }: Composed,
): Promise<Outcome> {
  const saleId = String(detail.sale_id);
  const sealed = await readPushSealed(catalog, { saleId, fanId });
  if (!webPush || !sealed) return { kind: 'refused', reason: 'no_subscription' };
  const plain = unseal(secrets.data, sealed, `room_note|push|${saleId}|${fanId}`).toString();
  const subscription = subscriptionSchema.parse(JSON.parse(plain));
  const outcome = await webPush.send(subscription, { title: subject, text: short, url });
  if (outcome.kind === 'refused') await forgetPush(catalog, { saleId, fanId });
  return outcome;
}

async function fail(deps: DeliverDeps, message: Message, error: unknown): Promise<void> {
  const { messageId, kind, tries } = message;
  const isDead = tries >= messageTriesMax;
  const again = Math.min(backOffMsMax, backOffMsMin * 2 ** (tries - 1));
  const text = error instanceof Error ? error.message : String(error);
  const level = isDead ? 'error' : 'warn';
  deps.log[level]({ err: error, messageId, kind, tries }, isDead ? 'a message is dead' : 'not yet');
  await failMessage(deps.catalog, message, { error: text, againInMs: isDead ? null : again });
}
