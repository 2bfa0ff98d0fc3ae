import { formatShowId, type ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

/** Who follows the logs: the stream in Redis, or the operator's webhook. */
export type Follower = 'stream' | 'webhook';

/** One entry of a show's log as other systems get it; `chain` proves that the log was not rewritten. */
export type ShowEvent = {
  show_id: string;
  lsn: number;
  at: string;
  kind: string;
  subject_id: number;
  detail: unknown;
  chain: string;
};

export type Behind = { showId: ShowId; afterLsn: number };

/** Shows whose log has entries that the follower has not had; over a whole shard, to find them. */
export async function findBehind(
  shard: Pick<Queryable, 'rows'>,
  follower: Follower,
  showsMax: number,
): Promise<Behind[]> {
  return shard.rows(
    `SELECT h.show_id AS showId, COALESCE(c.lsn, 0) AS afterLsn
     FROM show_head h
     LEFT JOIN event_cursor c ON c.show_id = h.show_id AND c.follower = ?
     WHERE h.lsn > COALESCE(c.lsn, 0) LIMIT ?`,
    [follower, showsMax],
  );
}

/** Entries of a show after a number, in their order. */
export async function readEvents(
  shard: Pick<Queryable, 'rows'>,
  { showId, afterLsn }: Behind,
  rowsMax: number,
): Promise<ShowEvent[]> {
  const rows = await shard.rows<{
    lsn: number;
    at: Date;
    kind: string;
    subject_id: number;
    detail: string;
    chain: string;
  }>(
    `SELECT lsn, at, kind, subject_id, detail, chain FROM show_log
     WHERE show_id = ? AND lsn > ? ORDER BY lsn LIMIT ?`,
    [showId, afterLsn, rowsMax],
  );
  return rows.map((row) => ({
    show_id: formatShowId(showId),
    ...row,
    at: row.at.toISOString(),
    detail: JSON.parse(row.detail) as unknown,
  }));
}

/** Notes how far a follower has come; it never goes back. */
export async function moveCursor(
  shard: Pick<Queryable, 'change'>,
  { showId, follower, lsn }: { showId: ShowId; follower: Follower; lsn: number },
): Promise<void> {
  await shard.change(
    `INSERT INTO event_cursor (show_id, follower, lsn) VALUES (?, ?, ?)
     ON DUPLICATE KEY UPDATE lsn = GREATEST(lsn, VALUES(lsn))`,
    [showId, follower, lsn],
  );
}
