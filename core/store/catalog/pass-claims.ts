import type { ShowId } from '../../domain/ids.js';
import type { Queryable } from '../database.js';

/**
 * A pass of a sale with several shows backs one request at a time, whichever shard decides it. The
 * claim says which request that is: it is committed here before the request is journalled there.
 */
export type PassClaim = { passId: string; showId: ShowId; idemKey: string };
export type StoredClaim = PassClaim & { requests: number; ageMs: number };

/**
 * Claims passes that no request holds; a held one is left as it is. One statement for all that
 * came together, sorted by pass. The caller reads back who holds what. Assignments run from left
 * to right, so `busy` is changed last.
 */
export async function claimPasses(
  catalog: Pick<Queryable, 'change'>,
  claims: PassClaim[],
): Promise<void> {
  const rows = [...claims]
    .sort((a, b) => (a.passId < b.passId ? -1 : 1))
    .map((claim) => [claim.passId, claim.showId, claim.idemKey, 1, 1, new Date()]);
  await catalog.change(
    `INSERT INTO pass_claims (pass_id, show_id, idem_key, busy, requests, claimed_at) VALUES ?
     ON DUPLICATE KEY UPDATE
       show_id = IF(busy = 0, VALUES(show_id), show_id),
       idem_key = IF(busy = 0, VALUES(idem_key), idem_key),
       requests = IF(busy = 0, requests + 1, requests),
       claimed_at = IF(busy = 0, NOW(3), claimed_at),
       busy = 1`,
    [rows],
  );
}

export async function readClaims(
  catalog: Pick<Queryable, 'rows'>,
  passIds: string[],
): Promise<StoredClaim[]> {
  return catalog.rows(
    `SELECT pass_id AS passId, show_id AS showId, idem_key AS idemKey, requests,
       TIMESTAMPDIFF(MICROSECOND, claimed_at, NOW(3)) DIV 1000 AS ageMs
     FROM pass_claims WHERE pass_id IN (?)`,
    [passIds],
  );
}

/** Hands a claim from a request that didn't win to another one. False when somebody else did. */
export async function takeOverClaim(
  catalog: Pick<Queryable, 'change'>,
  from: PassClaim,
  to: PassClaim,
): Promise<boolean> {
  const { matched } = await catalog.change(
    `UPDATE pass_claims SET show_id = ?, idem_key = ?, requests = requests + 1, busy = 1,
       claimed_at = NOW(3)
     WHERE pass_id = ? AND show_id = ? AND idem_key = ?`,
    [to.showId, to.idemKey, from.passId, from.showId, from.idemKey],
  );
  return matched === 1;
}

/** A claim that is given back; one that was not even journalled doesn't count against its pass. */
export type FreedClaim = PassClaim & { counts: boolean };

/**
 * Gives back claims of requests that were not granted, so that the fan's next one is quick. Giving
 * one back again changes nothing.
 */
export async function freeClaims(
  catalog: Pick<Queryable, 'change'>,
  claims: FreedClaim[],
): Promise<void> {
  await catalog.change(
    `UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
       pass_id CHAR(16) CHARACTER SET ascii PATH '$[0]', show_id INT UNSIGNED PATH '$[1]',
       idem_key VARCHAR(64) CHARACTER SET ascii PATH '$[2]', uncounted INT UNSIGNED PATH '$[3]'
     )) AS k
     STRAIGHT_JOIN pass_claims c FORCE INDEX (PRIMARY)
       ON c.pass_id = k.pass_id AND c.show_id = k.show_id AND c.idem_key = k.idem_key
     SET c.requests = c.requests - k.uncounted, c.busy = 0
     WHERE c.busy = 1`,
    [JSON.stringify(claims.map((one) => [one.passId, one.showId, one.idemKey, +!one.counts]))],
  );
}

/** Forgets claims of passes that ended long ago. */
export async function pruneClaims(
  catalog: Pick<Queryable, 'change'>,
  rowsMax: number,
): Promise<number> {
  const { matched } = await catalog.change(
    'DELETE FROM pass_claims WHERE claimed_at < NOW(3) - INTERVAL 1 DAY LIMIT ?',
    [rowsMax],
  );
  return matched;
}
