import type { ShowScoped } from '../../core/domain/ids.js';
import type { DecisionMessage } from '../../core/redis/news.js';
import type { Logger } from '../../core/runtime/log.js';
import type { Queryable } from '../../core/store/database.js';
import { readOutcomes } from '../../core/store/shard/outcomes.js';
import type { Shards } from '../../core/store/shards.js';

/** Brings each decision to the call that waits for it: by push, or by asking the journal. */
export type Outcomes = {
  /** Resolves with the decision, or with undefined when none is known after `msMax`. */
  wait(shardId: number, ref: ShowScoped, msMax: number): Promise<DecisionMessage | undefined>;
  heard(messages: DecisionMessage[]): void;
  close(): void;
};

type Waiter = {
  shardId: number;
  ref: ShowScoped;
  sinceMs: number;
  resolve: (message: DecisionMessage | undefined) => void;
  deadlineMs: number;
};

/** After this long without a push the journal is asked: the push may be lost or Redis away. */
const patienceMs = 200;
const askEveryMs = 100;
/** Decisions heard before their waiter was there; bounded, since most are waited for. */
const earlyMax = 20_000;
const askRowsMax = 500;

export function openOutcomes(shards: Shards, log: Logger): Outcomes {
  const waiters = new Map<string, Waiter>();
  const early = new Map<string, DecisionMessage>();
  const settle = (key: string, message: DecisionMessage | undefined): void => {
    const waiter = waiters.get(key);
    waiters.delete(key);
    waiter?.resolve(message);
  };
  const heard = (messages: DecisionMessage[]): void => {
    for (const message of messages) {
      const key = keyOf({ showId: message.show_id, no: message.no });
      if (waiters.has(key)) settle(key, message);
      else remember(early, key, message);
    }
  };
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking || waiters.size === 0) return;
    asking = true;
    const nowMs = Date.now();
    try {
      for (const [shardId, overdue] of groupOverdue(waiters, nowMs)) {
        await askShard(shards.byId(shardId), overdue, heard, log);
      }
    } finally {
      asking = false;
    }
    for (const [key, waiter] of waiters) {
      if (waiter.deadlineMs <= nowMs) settle(key, undefined);
    }
  };
  // A request that moved before its decision gets it on the new shard.
  shards.onMoved(({ showId, toShard, state }) => {
    if (state !== 'OPENED') return;
    for (const waiter of waiters.values()) {
      if (waiter.ref.showId === showId) waiter.shardId = toShard;
    }
  });
  const timer = setInterval(() => void ask(), askEveryMs);
  return {
    wait: (shardId, ref, msMax) => {
      const key = keyOf(ref);
      const known = early.get(key);
      if (known) {
        early.delete(key);
        return Promise.resolve(known);
      }
      const sinceMs = Date.now();
      return new Promise((resolve) => {
        const before = waiters.get(key);
        const both = before
          ? (message: DecisionMessage | undefined) => {
              before.resolve(message);
              resolve(message);
            }
          : resolve;
        waiters.set(key, { shardId, ref, sinceMs, resolve: both, deadlineMs: sinceMs + msMax });
      });
    },
    heard,
    close: () => {
      clearInterval(timer);
      for (const key of waiters.keys()) settle(key, undefined);
    },
  };
}

function remember(
  early: Map<string, DecisionMessage>,
  key: string,
  message: DecisionMessage,
): void {
  early.set(key, message);
  if (early.size <= earlyMax) return;
  const [oldest] = early.keys();
  if (oldest !== undefined) early.delete(oldest);
}

function groupOverdue(waiters: Map<string, Waiter>, nowMs: number): Map<number, ShowScoped[]> {
  const groups = new Map<number, ShowScoped[]>();
  for (const waiter of waiters.values()) {
    if (nowMs - waiter.sinceMs < patienceMs) continue;
    const list = groups.get(waiter.shardId) ?? [];
    list.push(waiter.ref);
    groups.set(waiter.shardId, list);
  }
  return groups;
}

async function askShard(
  shard: Pick<Queryable, 'rows'>,
  refs: ShowScoped[],
  heard: (messages: DecisionMessage[]) => void,
  log: Logger,
): Promise<void> {
  try {
    heard(await readOutcomes(shard, refs.slice(0, askRowsMax)));
  } catch (error) {
    log.warn({ err: error, waiting: refs.length }, 'the journal could not be asked');
  }
}

function keyOf(ref: ShowScoped): string {
  return `${ref.showId}|${ref.no}`;
}
