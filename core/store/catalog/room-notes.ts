import type { Queryable, Tx } from '../database.js';

/** How a fan wants to be told of the turn in one sale. */
export type RoomNote = {
  saleId: string;
  fanId: string;
  /** Null in the lobby of a drawn sale. */
  place: number | null;
  mail: boolean;
  /** A browser's subscription, sealed; null without one. */
  pushSealed: Buffer | null;
};

/** Asks to be told, or changes how; what was told already is not told again. */
export async function writeRoomNote(db: Queryable, note: RoomNote): Promise<void> {
  await db.change(
    `INSERT INTO room_note (sale_id, fan_id, place, mail, push_sealed) VALUES (?, ?, ?, ?, ?)
     ON DUPLICATE KEY UPDATE place = ?, mail = ?, push_sealed = ?`,
    [
      ...[note.saleId, note.fanId, note.place, note.mail ? 1 : 0, note.pushSealed],
      ...[note.place, note.mail ? 1 : 0, note.pushSealed],
    ],
  );
}

/** Asks to be told no more. */
export async function dropRoomNote(
  db: Queryable,
  { saleId, fanId }: Pick<RoomNote, 'saleId' | 'fanId'>,
): Promise<void> {
  await db.change('DELETE FROM room_note WHERE sale_id = ? AND fan_id = ?', [saleId, fanId]);
}

/** Forgets a person's browsers when the account is erased. */
export async function dropRoomNotesOf(tx: Tx, fanId: string): Promise<void> {
  await tx.change('DELETE FROM room_note WHERE fan_id = ?', [fanId]);
}

/** Forgets a subscription that its push service no longer knows. */
export async function forgetPush(
  db: Queryable,
  { saleId, fanId }: Pick<RoomNote, 'saleId' | 'fanId'>,
): Promise<void> {
  await db.change('UPDATE room_note SET push_sealed = NULL WHERE sale_id = ? AND fan_id = ?', [
    saleId,
    fanId,
  ]);
}

export async function readPushSealed(
  db: Queryable,
  { saleId, fanId }: Pick<RoomNote, 'saleId' | 'fanId'>,
): Promise<Buffer | null> {
  const [row] = await db.rows<{ sealed: Buffer | null }>(
    'SELECT push_sealed AS sealed FROM room_note WHERE sale_id = ? AND fan_id = ?',
    [saleId, fanId],
  );
  return row?.sealed ?? null;
}

export type DueNote = { fanId: string; mail: boolean; push: boolean };

const dueColumns = 'n.fan_id AS fanId, n.mail, n.push_sealed IS NOT NULL AS push';

type RawDue = { fanId: string; mail: number; push: number };

const dueOf = (row: RawDue): DueNote => ({
  fanId: row.fanId,
  mail: Number(row.mail) === 1,
  push: Number(row.push) === 1,
});

/** Sales of which anybody still wants to hear. */
export async function listNotedSales(db: Queryable, salesMax: number): Promise<string[]> {
  const rows = await db.rows<{ saleId: string }>(
    `SELECT s.sale_id AS saleId FROM sales s
     WHERE s.standing = 0 AND s.state <> 'CLOSED' AND s.opens_at > NOW(3) - INTERVAL 7 DAY
       AND EXISTS (SELECT 1 FROM room_note n WHERE n.sale_id = s.sale_id)
     ORDER BY s.opens_at LIMIT ?`,
    [salesMax],
  );
  return rows.map((row) => row.saleId);
}

/** Fans whose place was not known when they asked. */
export async function listUnplaced(
  db: Queryable,
  saleId: string,
  rowsMax: number,
): Promise<string[]> {
  const rows = await db.rows<{ fanId: string }>(
    `SELECT fan_id AS fanId FROM room_note
     WHERE sale_id = ? AND soon_at IS NULL AND place IS NULL LIMIT ?`,
    [saleId, rowsMax],
  );
  return rows.map((row) => row.fanId);
}

export async function placeNote(
  db: Queryable,
  { saleId, fanId, place }: Pick<RoomNote, 'saleId' | 'fanId'> & { place: number },
): Promise<void> {
  await db.change('UPDATE room_note SET place = ? WHERE sale_id = ? AND fan_id = ?', [
    place,
    saleId,
    fanId,
  ]);
}

/** Fans up to a place who were not told yet that their turn is near: the index finds them alone. */
export async function listSoonDue(
  db: Queryable,
  { saleId, upTo, rowsMax }: { saleId: string; upTo: number; rowsMax: number },
): Promise<DueNote[]> {
  const rows = await db.rows<RawDue>(
    `SELECT ${dueColumns} FROM room_note n
     WHERE n.sale_id = ? AND n.soon_at IS NULL AND n.place <= ? ORDER BY n.place LIMIT ?`,
    [saleId, upTo, rowsMax],
  );
  return rows.map(dueOf);
}

/** Fans whose pass lives and who were not told of it; only admissions of the last minutes count. */
export async function listTurnDue(
  db: Queryable,
  { saleId, recentSeconds, rowsMax }: { saleId: string; recentSeconds: number; rowsMax: number },
): Promise<DueNote[]> {
  const rows = await db.rows<RawDue>(
    `SELECT DISTINCT ${dueColumns} FROM admission a
     JOIN room_note n ON n.sale_id = a.sale_id AND n.fan_id = a.fan_id
     WHERE a.sale_id = ? AND a.admitted_at > NOW(3) - INTERVAL ? SECOND AND a.state = 'LIVE'
       AND n.turn_at IS NULL LIMIT ?`,
    [saleId, recentSeconds, rowsMax],
  );
  return rows.map(dueOf);
}

/** Notes what was filed; whose turn it is needs no word that it is near. */
export async function markNoted(
  db: Queryable,
  { saleId, fanIds, what }: { saleId: string; fanIds: string[]; what: 'soon' | 'turn' },
): Promise<void> {
  if (fanIds.length === 0) return;
  const turn = what === 'turn' ? ', turn_at = NOW(3)' : '';
  await db.change(
    `UPDATE room_note SET soon_at = COALESCE(soon_at, NOW(3))${turn}
     WHERE sale_id = ? AND fan_id IN (?)`,
    [saleId, fanIds],
  );
}
