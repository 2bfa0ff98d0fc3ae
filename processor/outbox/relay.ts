import { groupBy } from '../../core/domain/group-by.js';
import type { Database } from '../../core/store/database.js';
import {
  claimOutbox,
  hasDueOutbox,
  markFailed,
  markPublished,
  type OutboxRow,
} from '../../core/store/shard/outbox.js';
import { forEachAtOnce, type Loop, openLoop } from '../loop.js';
import { cancelIntentHandler } from './cancel-intent.js';
import { claimsHandler } from './claims.js';
import type { OutboxDeps, OutboxHandler, OutboxHandlerOfMany } from './deps.js';
import { fanBookingHandler } from './fan-booking.js';
import { grantedHandler } from './granted.js';
import {
  cancelMailHandler,
  paymentNeededHandler,
  refundMailHandler,
  reservedHandler,
  showChangedHandler,
  ticketMailHandler,
} from './messages.js';
import { offerHandler } from './offer.js';

/**
 * Acts on what the shards' transactions left in their outboxes: at least once, so every handler
 * may be repeated. What the waiting room is told, what moves money and what fans are told have
 * groups of their own, so that none holds up another.
 */
type KindGroup = {
  handlers: Record<string, OutboxHandler>;
  /** Kinds of which a rush leaves one message per show and batch: acted on together. */
  together: Record<string, OutboxHandlerOfMany>;
  rowsMax: number;
  leaseMs: number;
};

const groups: KindGroup[] = [
  { handlers: {}, together: { granted: grantedHandler }, rowsMax: 500, leaseMs: 120_000 },
  {
    handlers: {
      claims: claimsHandler,
      fan_booking: fanBookingHandler,
      cancel_intent: cancelIntentHandler,
    },
    together: {},
    rowsMax: 50,
    leaseMs: 120_000,
  },
  {
    handlers: {
      ticket_mail: ticketMailHandler,
      refund_mail: refundMailHandler,
      cancel_mail: cancelMailHandler,
      show_changed: showChangedHandler,
      payment_needed: paymentNeededHandler,
      reserved: reservedHandler,
      offer: offerHandler,
    },
    together: {},
    rowsMax: 50,
    leaseMs: 120_000,
  },
];

const pauseMs = 250;
const atOnceMax = 8;
export const triesMax = 12;
const backOffMsMin = 1_000;
const backOffMsMax = 600_000;

/** Opens the relay over all shards; several processors may run one each. */
export function openOutboxRelay(deps: OutboxDeps): Loop {
  const loops: Loop[] = [];
  deps.shards.onJoin((shardId) => {
    groups.forEach((group, no) => {
      const turn = () => relayOnce(deps, deps.shards.byId(shardId), group);
      loops.push(openLoop(`outbox ${shardId}.${no}`, { log: deps.log, pauseMs }, turn));
    });
  });
  return {
    close: async () => {
      await Promise.all(loops.map((loop) => loop.close()));
    },
  };
}

/** Relays all that is due on every shard, until nothing is. */
export async function drainOutbox(deps: OutboxDeps): Promise<void> {
  for (const shardId of deps.shards.ids()) {
    for (const group of groups) {
      while (await relayOnce(deps, deps.shards.byId(shardId), group)) {
        // Each turn takes one batch.
      }
    }
  }
}

async function relayOnce(deps: OutboxDeps, shard: Database, group: KindGroup): Promise<boolean> {
  const { handlers, together, rowsMax, leaseMs } = group;
  const kinds = [...Object.keys(handlers), ...Object.keys(together)];
  if (!(await hasDueOutbox(shard, kinds))) return false;
  const rows = await claimOutbox(shard, { kinds, rowsMax, leaseMs });
  const jobs = [...groupBy(rows, ({ kind }) => kind)].flatMap(([kind, ofKind]) =>
    together[kind] ? [ofKind] : ofKind.map((row) => [row]),
  );
  await forEachAtOnce(jobs, atOnceMax, (job) => act(deps, shard, group, job));
  return rows.length === rowsMax;
}

/** Acts on messages of one kind; one that can't be acted on holds up none of the others. */
async function act(
  deps: OutboxDeps,
  shard: Database,
  group: KindGroup,
  job: OutboxRow[],
): Promise<void> {
  const [row] = job;
  if (!row) return;
  try {
    await (group.together[row.kind]?.(deps, job) ?? group.handlers[row.kind]?.(deps, row));
  } catch (error) {
    if (job.length === 1) return fail(deps, shard, row, error);
    return forEachAtOnce(job, atOnceMax, (one) => act(deps, shard, group, [one]));
  }
  await markPublished(shard, job);
}

async function fail(
  deps: OutboxDeps,
  shard: Database,
  row: OutboxRow,
  error: unknown,
): Promise<void> {
  const { showId, outboxId, kind, tries } = row;
  const isDead = tries >= triesMax;
  const again = Math.min(backOffMsMax, backOffMsMin * 2 ** (tries - 1));
  const log = isDead ? deps.log.error.bind(deps.log) : deps.log.warn.bind(deps.log);
  log({ err: error, showId, outboxId, kind, tries }, isDead ? 'a message is dead' : 'not yet');
  const text = error instanceof Error ? error.message : String(error);
  await markFailed(shard, row, { error: text, againInMs: isDead ? null : again });
}
