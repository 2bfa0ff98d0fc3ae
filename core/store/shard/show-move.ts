import type { ShowId } from '../../domain/ids.js';
import type { GateState } from '../../domain/states.js';
import type { Database, Queryable, Tx } from '../database.js';
import { awayLane } from './show-change.js';

/**
 * Closes the gate of a show that is about to leave: when this returns, no accept is in flight. A
 * cancelled show's gate stays as it is.
 */
export async function closeForMove(shard: Database, showId: ShowId): Promise<void> {
  await shard.transaction(async (tx) => {
    await tx.rows('SELECT state FROM show_gate WHERE show_id = ? FOR UPDATE', [showId]);
    await tx.change(
      "UPDATE show_gate SET state = 'MOVING' WHERE show_id = ? AND state <> 'CANCELLED'",
      [showId],
    );
  });
}

/** Whether a show still has requests without a decision at the end of its journal. */
export async function hasUndecided(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<boolean> {
  const rows = await shard.rows(
    `SELECT request_id FROM request WHERE show_id = ? AND state = 'ACCEPTED'
       AND request_id >= (SELECT floor_id FROM show_head WHERE show_id = ?) LIMIT 1`,
    [showId, showId],
  );
  return rows.length > 0;
}

/**
 * Takes a show whose gate was closed for it out of its lane: from the commit on nobody can change
 * it on this shard. @throws Error when the gate is not closed.
 */
export async function takeAway(shard: Database, showId: ShowId): Promise<void> {
  await shard.transaction(async (tx) => {
    await tx.rows('SELECT lane FROM show_head WHERE show_id = ? FOR UPDATE', [showId]);
    const { matched } = await tx.change(
      `UPDATE show_head h JOIN show_gate g ON g.show_id = h.show_id SET h.lane = ${awayLane}
       WHERE h.show_id = ? AND g.state IN ('MOVING', 'CANCELLED')`,
      [showId],
    );
    if (matched !== 1) throw new Error(`show ${showId} is not closed for its move`);
  });
}

/** The first request that a drain may still have to look at. */
export async function readFloor(shard: Pick<Queryable, 'rows'>, showId: ShowId): Promise<number> {
  const [head] = await shard.rows<{ floor: number }>(
    'SELECT floor_id AS floor FROM show_head WHERE show_id = ?',
    [showId],
  );
  return head?.floor ?? 0;
}

/** Requests below a number, and how many of them have no decision. */
export async function countRequestsBelow(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  requestId: number,
): Promise<{ all: number; undecided: number }> {
  const [row] = await shard.rows<{ counted: number; undecided: string | null }>(
    `SELECT COUNT(*) AS counted, SUM(state = 'ACCEPTED') AS undecided FROM request
     WHERE show_id = ? AND request_id < ?`,
    [showId, requestId],
  );
  return { all: row?.counted ?? 0, undecided: Number(row?.undecided ?? 0) };
}

/** Puts a show back into its lane and sets its gate: from the commit on this shard serves it. */
export async function serveShow(
  shard: Database,
  showId: ShowId,
  to: { lane: number; gate: GateState; opensAt: Date },
): Promise<void> {
  await shard.transaction(async (tx) => {
    await tx.rows('SELECT lane FROM show_head WHERE show_id = ? FOR UPDATE', [showId]);
    await tx.rows('SELECT state FROM show_gate WHERE show_id = ? FOR UPDATE', [showId]);
    await tx.change('UPDATE show_head SET lane = ? WHERE show_id = ?', [to.lane, showId]);
    await tx.change(
      "UPDATE show_gate SET state = ?, opens_at = ? WHERE show_id = ? AND state = 'MOVING'",
      [to.gate, to.opensAt, showId],
    );
  });
}

/** Stops the sweeps that look over a whole shard from acting on rows that are left behind. */
export async function silenceLeftRows(tx: Tx, showId: ShowId): Promise<void> {
  await tx.change(
    'UPDATE outbox SET due_at = NULL WHERE show_id = ? AND published_at IS NULL AND due_at IS NOT NULL',
    [showId],
  );
  await tx.change('UPDATE payment SET check_at = NULL WHERE show_id = ? AND check_at IS NOT NULL', [
    showId,
  ]);
  await tx.change('UPDATE refund SET check_at = NULL WHERE show_id = ? AND check_at IS NOT NULL', [
    showId,
  ]);
  await tx.change('UPDATE dispute SET check_at = NULL WHERE show_id = ? AND check_at IS NOT NULL', [
    showId,
  ]);
}

/** Messages that a relay had taken before the move and ended after it: they count as sent. */
export async function carryPublished(
  source: Pick<Queryable, 'rows'>,
  target: Queryable,
  { showId, since }: { showId: ShowId; since: Date },
): Promise<void> {
  const rows = await source.rows<{ outboxId: number }>(
    `SELECT outbox_id AS outboxId FROM outbox WHERE show_id = ? AND published_at >= ?`,
    [showId, since],
  );
  if (rows.length === 0) return;
  await target.change(
    `UPDATE outbox SET published_at = NOW(3), due_at = NULL, error = NULL
     WHERE show_id = ? AND outbox_id IN (?) AND published_at IS NULL`,
    [showId, rows.map((row) => row.outboxId)],
  );
}

/** What tells whether people are buying seats of a show right now. */
export type Bustle = { isOpen: boolean; opensSoon: boolean; isLively: boolean; seatsLeft: boolean };

export async function readBustle(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
  quietSeconds: number,
): Promise<Bustle | undefined> {
  const [row] = await shard.rows<Record<keyof Bustle, number>>(
    `SELECT g.state = 'OPEN' AND g.opens_at <= NOW(3) AND g.closes_at > NOW(3) AS isOpen,
       g.state = 'OPEN' AND g.opens_at > NOW(3)
         AND g.opens_at <= NOW(3) + INTERVAL ? SECOND AS opensSoon,
       COALESCE((SELECT r.accepted_at > NOW(3) - INTERVAL ? SECOND FROM request r
         WHERE r.show_id = g.show_id ORDER BY r.request_id DESC LIMIT 1), 0) AS isLively,
       EXISTS (SELECT 1 FROM show_seat s WHERE s.show_id = g.show_id
         AND s.state IN ('FREE', 'HELD')) AS seatsLeft
     FROM show_gate g WHERE g.show_id = ?`,
    [quietSeconds, quietSeconds, showId],
  );
  return (
    row && {
      isOpen: row.isOpen === 1,
      opensSoon: row.opensSoon === 1,
      isLively: row.isLively === 1,
      seatsLeft: row.seatsLeft === 1,
    }
  );
}
