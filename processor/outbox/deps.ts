import type { Gate } from '../../admission/gate.js';
import type { MessageChannel } from '../../core/domain/messages.js';
import type { SettleDeps } from '../../core/payments/settling.js';
import type { Database } from '../../core/store/database.js';
import type { OutboxRow } from '../../core/store/shard/outbox.js';

/** What the handlers of the outbox may use. */
export type OutboxDeps = SettleDeps & {
  catalog: Database;
  /** On which channels fans are written to. */
  channels: readonly MessageChannel[];
  gate: Pick<Gate, 'finishAll'>;
};

/** Acts on one message. It may be called again with the same one; throwing means "again later". */
export type OutboxHandler = (deps: OutboxDeps, row: OutboxRow) => Promise<void>;

/** Acts on messages of one kind and one shard at once, under the same terms. */
export type OutboxHandlerOfMany = (deps: OutboxDeps, rows: OutboxRow[]) => Promise<void>;
