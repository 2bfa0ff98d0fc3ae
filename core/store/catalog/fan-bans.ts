import { UsherError } from '../../domain/errors.js';
import type { Database, Queryable } from '../database.js';
import { writeAudit } from './audit.js';

export type FanState = 'ACTIVE' | 'BANNED' | 'ERASED';

export type FanRecord = { fanId: string; state: FanState; createdAt: Date };

export async function readFan(db: Queryable, fanId: string): Promise<FanRecord | undefined> {
  const [row] = await db.rows<FanRecord>(
    'SELECT fan_id AS fanId, state, created_at AS createdAt FROM fans WHERE fan_id = ?',
    [fanId],
  );
  return row;
}

/**
 * Bans an account or takes a ban back, with who did it and why. Doing it again changes nothing.
 * @throws UsherError `not_found`, `conflict` for an erased account.
 */
export async function setBanned(
  catalog: Database,
  fanId: string,
  change: { banned: boolean; actor: string; reason: string },
): Promise<FanRecord> {
  const to: FanState = change.banned ? 'BANNED' : 'ACTIVE';
  return catalog.transaction(async (tx) => {
    const [row] = await tx.rows<FanRecord>(
      `SELECT fan_id AS fanId, state, created_at AS createdAt FROM fans
       WHERE fan_id = ? FOR UPDATE`,
      [fanId],
    );
    if (!row) throw new UsherError('not_found', 'There is no such account.');
    if (row.state === 'ERASED') {
      throw new UsherError('conflict', 'This account was erased; nothing is left to ban.');
    }
    if (row.state === to) return row;
    await tx.change('UPDATE fans SET state = ?, guarded_at = NOW(3) WHERE fan_id = ?', [to, fanId]);
    await writeAudit(tx, {
      actor: change.actor,
      action: change.banned ? 'fan.ban' : 'fan.unban',
      subject: fanId,
      before: { state: row.state },
      after: { state: to, reason: change.reason },
    });
    return { ...row, state: to };
  });
}

export type FanAdmission = {
  saleId: string;
  passId: string;
  state: string;
  admittedAt: Date;
  expiresAt: Date;
};

/** A fan's last admissions over all sales, newest first. */
export async function listFanAdmissions(
  db: Queryable,
  fanId: string,
  rowsMax: number,
): Promise<FanAdmission[]> {
  return db.rows(
    `SELECT sale_id AS saleId, pass_id AS passId, state, admitted_at AS admittedAt,
       expires_at AS expiresAt
     FROM admission WHERE fan_id = ? ORDER BY admitted_at DESC LIMIT ?`,
    [fanId, rowsMax],
  );
}
