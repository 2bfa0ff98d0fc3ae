import type { ShowId } from '../../core/domain/ids.js';
import type { LaneRef } from '../../core/queue/wake.js';
import type { Database } from '../../core/store/database.js';
import { isRetryable } from '../../core/store/database.js';
import {
  insertRequests,
  type JournalEntry,
  type JournalRow,
  readByKeys,
} from '../../core/store/shard/journal.js';
import { laneOf, type Shards } from '../../core/store/shards.js';

/** What became of an entry: its journal row, or undefined when the gate let nothing in. */
export type Accepted = JournalRow | undefined;

export type Accepting = {
  /**
   * Journals a request; resolves after the commit. Rejects when it isn't known whether the row
   * was committed: the fan repeats with the same key.
   */
  accept(shardId: number, entry: JournalEntry): Promise<Accepted>;
  /** Requests that wait for a commit, over all shards. */
  depth(): number;
};

type Pending = {
  entry: JournalEntry;
  resolve: (row: Accepted) => void;
  reject: (error: unknown) => void;
};

const statementRowsMax = 400;
const retriesMax = 4;

/**
 * Group commit without a timer: one statement per shard is under way, and what arrives meanwhile
 * is the next one. A lone request pays nothing for it and a rush shares its commits.
 */
export function openAccepting(shards: Shards, wake: (lane: LaneRef) => void): Accepting {
  const lines = new Map<number, ShardLine>();
  return {
    accept: (shardId, entry) => {
      const line = lines.get(shardId) ?? { pending: [], busy: false };
      lines.set(shardId, line);
      return new Promise((resolve, reject) => {
        line.pending.push({ entry, resolve, reject });
        if (!line.busy)
          void pump(shards.byId(shardId), line, (showId) =>
            wake({ shardId, lane: laneOf(showId) }),
          );
      });
    },
    depth: () => [...lines.values()].reduce((sum, line) => sum + line.pending.length, 0),
  };
}

type ShardLine = { pending: Pending[]; busy: boolean };

async function pump(
  shard: Database,
  line: ShardLine,
  wake: (showId: ShowId) => void,
): Promise<void> {
  line.busy = true;
  try {
    while (line.pending.length > 0) {
      await journal(shard, line.pending.splice(0, statementRowsMax), wake);
    }
  } finally {
    line.busy = false;
  }
}

async function journal(
  shard: Database,
  batch: Pending[],
  wake: (showId: ShowId) => void,
): Promise<void> {
  const entries = batch.map((one) => one.entry).sort(byKey);
  try {
    await insertWithRetry(shard, entries);
    // Woken before the rows are read back: the lane may start while we still ask for the numbers.
    for (const showId of new Set(entries.map((entry) => entry.showId))) wake(showId);
    const rows = await readByKeys(shard, entries);
    const found = new Map(rows.map((row) => [keyOf(row), row]));
    for (const one of batch) one.resolve(found.get(keyOf(one.entry)));
  } catch (error) {
    for (const one of batch) one.reject(error);
  }
}

/** A statement that was chosen as a victim changed nothing and is simply said again. */
async function insertWithRetry(shard: Database, entries: JournalEntry[]): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await insertRequests(shard, entries);
      return;
    } catch (error) {
      if (!isRetryable(error) || tried >= retriesMax) throw error;
    }
  }
}

type Key = Pick<JournalEntry, 'showId' | 'fanId' | 'idemKey'>;

function keyOf(key: Key): string {
  return `${key.showId}|${key.fanId}|${key.idemKey}`;
}

function byKey(a: Key, b: Key): number {
  if (a.showId !== b.showId) return a.showId - b.showId;
  if (a.fanId !== b.fanId) return a.fanId < b.fanId ? -1 : 1;
  return a.idemKey < b.idemKey ? -1 : Number(a.idemKey > b.idemKey);
}
