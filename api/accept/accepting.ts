import type { ShowId } from '../../core/domain/ids.js';
import type { LaneRef } from '../../core/queue/wake.js';
import { type Database, isRetryable } from '../../core/store/database.js';
import { inOneTrip } from '../../core/store/one-trip.js';
import {
  insertRequests,
  type JournalEntry,
  type JournalRow,
  readByKeys,
} from '../../core/store/shard/journal.js';
import { laneOf, type Shards } from '../../core/store/shards.js';
import { type Grouping, openGrouping } from './grouping.js';

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

const statementRowsMax = 400;
const retriesMax = 4;

/** One group of requests per shard at a time: they share a statement and its commit. */
export function openAccepting(shards: Shards, wake: (lane: LaneRef) => void): Accepting {
  const groups = new Map<number, Grouping<JournalEntry, Accepted>>();
  const groupOf = (shardId: number): Grouping<JournalEntry, Accepted> => {
    const known = groups.get(shardId);
    if (known) return known;
    const wakeShow = (showId: ShowId) => wake({ shardId, lane: laneOf(showId) });
    const group = openGrouping(statementRowsMax, (entries: JournalEntry[]) =>
      journal(shards.byId(shardId), entries, wakeShow),
    );
    groups.set(shardId, group);
    return group;
  };
  return {
    accept: (shardId, entry) => groupOf(shardId).add(entry),
    depth: () => [...groups.values()].reduce((sum, group) => sum + group.depth(), 0),
  };
}

async function journal(
  shard: Database,
  entries: JournalEntry[],
  wake: (showId: ShowId) => void,
): Promise<Accepted[]> {
  const sorted = [...entries].sort(byKey);
  const rows = await insertAndRead(shard, sorted);
  for (const showId of new Set(entries.map((entry) => entry.showId))) wake(showId);
  const found = new Map(rows.map((row) => [keyOf(row), row]));
  return entries.map((entry) => found.get(keyOf(entry)));
}

/**
 * Inserts and reads back in one round trip; the insert has committed before the read begins. A
 * statement that was chosen as a victim changed nothing and is simply said again.
 */
async function insertAndRead(shard: Database, entries: JournalEntry[]): Promise<JournalRow[]> {
  for (let tried = 1; ; tried += 1) {
    try {
      const [, rows] = await inOneTrip<[number, JournalRow[]]>(shard, (trip) => [
        insertRequests(trip, entries),
        readByKeys(trip, entries),
      ]);
      return rows;
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
