import type { Mailer } from '../../core/notify/mailer.js';
import type { OutboxRow } from '../../core/store/shard/outbox.js';
import type { OutboxDeps } from './deps.js';

/**
 * Sends one mail. An address that no server will ever take is told in the log and done with;
 * throws when it should be tried again.
 */
export async function sendMail(
  deps: Pick<OutboxDeps, 'mailer' | 'log'>,
  row: OutboxRow,
  mail: Parameters<Mailer['send']>[0],
): Promise<void> {
  const outcome = await deps.mailer.send(mail);
  if (outcome.kind === 'failed') throw new Error(`the mail was not taken: ${outcome.reason}`);
  if (outcome.kind === 'refused') {
    const { showId, outboxId, kind } = row;
    deps.log.warn(
      { showId, outboxId, kind, reason: outcome.reason },
      'a mail was refused for good',
    );
  }
}
