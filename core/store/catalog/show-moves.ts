import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable, Tx } from '../database.js';

export type MoveState = 'PLANNED' | 'COPYING' | 'CLOSED' | 'SWITCHED' | 'OPENED' | 'DONE';

/** One step of a move, as processes hear of it. */
export type MoveNews = {
  showId: ShowId;
  toShard: number;
  state: MoveState;
  changedAt: string;
  /** Nobody may use the show now: it is between two shards. */
  isBetween: boolean;
};

/** Steps are told for this long; a process that was away for longer forgets all it knew. */
const newsSeconds = 10;

/** Shows that are between two shards, and the steps of the last seconds. */
export async function readMoveNews(catalog: Pick<Queryable, 'rows'>): Promise<MoveNews[]> {
  const rows = await catalog.rows<Omit<MoveNews, 'isBetween'>>(
    `SELECT show_id AS showId, to_shard AS toShard, state, CAST(changed_at AS CHAR) AS changedAt
     FROM show_moves WHERE state IN ('CLOSED', 'SWITCHED')
     UNION SELECT show_id, to_shard, state, CAST(changed_at AS CHAR)
     FROM show_moves WHERE changed_at >= NOW(3) - INTERVAL ? SECOND`,
    [newsSeconds],
  );
  return rows.map((row) => ({
    ...row,
    isBetween: row.state === 'CLOSED' || row.state === 'SWITCHED',
  }));
}

/** The shard of a show by the directory. */
export async function showPlace(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<number | undefined> {
  const [row] = await catalog.rows<{ shardId: number }>(
    'SELECT shard_id AS shardId FROM shows WHERE show_id = ?',
    [showId],
  );
  return row?.shardId;
}

export type Move = {
  showId: ShowId;
  fromShard: number;
  toShard: number;
  state: MoveState;
  /** Move it though people are buying. */
  evenSelling: boolean;
  actor: string;
  note: string;
  plannedAt: Date;
  changedAt: Date;
  /** How long ago it reached its state, by the database's clock. */
  ageMs: number;
};

const moveColumns = `show_id AS showId, from_shard AS fromShard, to_shard AS toShard, state,
  even_selling AS evenSelling, actor, note, planned_at AS plannedAt, changed_at AS changedAt,
  TIMESTAMPDIFF(MICROSECOND, changed_at, NOW(3)) DIV 1000 AS ageMs`;

type MoveRow = Omit<Move, 'evenSelling'> & { evenSelling: number };

const fromMoveRow = (row: MoveRow): Move => ({ ...row, evenSelling: row.evenSelling === 1 });

/** What a mover has to do now: what was begun first, then what is planned, oldest first. */
export async function listDueMoves(
  catalog: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<Move[]> {
  const rows = await catalog.rows<MoveRow>(
    `SELECT ${moveColumns} FROM show_moves
     WHERE state IN ('COPYING', 'CLOSED', 'SWITCHED', 'OPENED')
       OR (state = 'PLANNED' AND planned_at <= NOW(3))
     ORDER BY FIELD(state, 'SWITCHED', 'CLOSED', 'COPYING', 'OPENED', 'PLANNED'), planned_at, show_id
     LIMIT ?`,
    [rowsMax],
  );
  return rows.map(fromMoveRow);
}

/** Moves that are not done, for people. */
export async function listMoves(catalog: Pick<Queryable, 'rows'>): Promise<Move[]> {
  const rows = await catalog.rows<MoveRow>(
    `SELECT ${moveColumns} FROM show_moves WHERE state <> 'DONE' ORDER BY planned_at, show_id`,
  );
  return rows.map(fromMoveRow);
}

export async function readMove(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<Move | undefined> {
  const [row] = await catalog.rows<MoveRow>(
    `SELECT ${moveColumns} FROM show_moves WHERE show_id = ?`,
    [showId],
  );
  return row && fromMoveRow(row);
}

/**
 * Plans a move; one that is planned already gets the new goal. False when the show is on its way.
 * A show lies on the shard that the directory names, so the plan takes it from there.
 */
export async function planMove(
  tx: Tx,
  plan: { showId: ShowId; toShard: number; evenSelling: boolean; actor: string },
): Promise<boolean> {
  const [known] = await tx.rows<{ state: MoveState }>(
    'SELECT state FROM show_moves WHERE show_id = ? FOR UPDATE',
    [plan.showId],
  );
  if (known && known.state !== 'PLANNED' && known.state !== 'DONE') return false;
  await tx.change(
    `REPLACE INTO show_moves (show_id, from_shard, to_shard, state, even_selling, actor, planned_at,
       changed_at)
     SELECT show_id, shard_id, ?, 'PLANNED', ?, ?, NOW(3), NOW(3) FROM shows WHERE show_id = ?`,
    [plan.toShard, plan.evenSelling ? 1 : 0, plan.actor.slice(0, 80), plan.showId],
  );
  return true;
}

/** Another mover was here: whoever finds that stops. */
export class MoveLostError extends Error {}

const sameMove = 'show_id = ? AND from_shard = ? AND to_shard = ? AND state = ?';
const nameOf = (move: Move, state: MoveState) => [move.showId, move.fromShard, move.toShard, state];

/**
 * Does work on the shards while the move is surely in this state: its row stays locked, so a mover
 * that was paused for long finds that another one has gone on. @throws MoveLostError.
 */
export async function whileMove<T>(
  catalog: Database,
  move: Move,
  state: MoveState,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return catalog.transaction(async (tx) => {
    const rows = await tx.rows(
      `SELECT show_id FROM show_moves WHERE ${sameMove} FOR UPDATE`,
      nameOf(move, state),
    );
    if (rows.length === 0) throw lost(move, state);
    return work(tx);
  });
}

/** One step of a move, guarded by the step before. @throws MoveLostError. */
export async function stepMove(
  db: Pick<Queryable, 'change'>,
  move: Move,
  { from, to, note = '' }: { from: MoveState; to: MoveState; note?: string },
): Promise<void> {
  const { matched } = await db.change(
    `UPDATE show_moves SET state = ?, note = ?, changed_at = NOW(3) WHERE ${sameMove}`,
    [to, note.slice(0, 300), ...nameOf(move, from)],
  );
  if (matched !== 1) throw lost(move, from);
}

/** Puts a move off, with the reason; it is taken up again by itself. @throws MoveLostError. */
export async function putOff(
  db: Pick<Queryable, 'change'>,
  move: Move,
  { from, note, seconds }: { from: MoveState; note: string; seconds: number },
): Promise<void> {
  const { matched } = await db.change(
    `UPDATE show_moves SET state = 'PLANNED', note = ?, planned_at = NOW(3) + INTERVAL ? SECOND,
       changed_at = NOW(3) WHERE ${sameMove}`,
    [note.slice(0, 300), seconds, ...nameOf(move, from)],
  );
  if (matched !== 1) throw lost(move, from);
}

function lost(move: Move, state: MoveState): MoveLostError {
  return new MoveLostError(`the move of show ${move.showId} is not ${state} any more`);
}

/** Names the new shard of a show: from the commit on the directory is the only truth. */
export async function switchPlace(tx: Tx, move: Move): Promise<void> {
  const { matched } = await tx.change(
    'UPDATE shows SET shard_id = ? WHERE show_id = ? AND shard_id = ?',
    [move.toShard, move.showId, move.fromShard],
  );
  if (matched !== 1) throw lost(move, 'CLOSED');
  await stepMove(tx, move, { from: 'CLOSED', to: 'SWITCHED' });
}

/** What a mover must know of a show: where the directory has it, and its sale. */
export async function readShowToMove(
  catalog: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<
  | {
      showKey: string;
      shardId: number;
      saleId: string;
      state: string;
      standing: number;
    }
  | undefined
> {
  const [row] = await catalog.rows<{
    showKey: string;
    shardId: number;
    saleId: string;
    state: string;
    standing: number;
  }>(
    `SELECT s.show_key AS showKey, s.shard_id AS shardId, s.sale_id AS saleId, s.state,
       a.standing AS standing
     FROM shows s JOIN sales a ON a.sale_id = s.sale_id WHERE s.show_id = ?`,
    [showId],
  );
  return row;
}
