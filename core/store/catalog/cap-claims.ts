import type { ShowId } from '../../domain/ids.js';
import type { Database, Queryable, Tx } from '../database.js';

/** Whose share is counted: a fan's or a card's seats in a sale, or the uses of a discount code. */
export type CapKind = 'fan' | 'card' | 'code';

/** Names one claim; a request, or an attempt to pay, always makes the same one. */
export type ClaimRef = { showId: ShowId; kind: CapKind; key: string };
export type Quota = { scope: string; kind: CapKind; holder: string };
export type CapClaim = ClaimRef & Quota & { units: number };
export type StoredClaim = CapClaim & { ageMs: number };

/**
 * Claims units where the holder has room for all of them below the cap. Contract: the quotas are
 * locked in the order of their key, so parallel claims of one holder are counted one after the
 * other, over all api processes; a claim that is there already is simply true again.
 */
export async function claimUnits(
  catalog: Database,
  wanted: (CapClaim & { cap: number })[],
): Promise<boolean[]> {
  const told = await claimTogether(
    catalog,
    wanted.map((claim) => [claim]),
  );
  return told.map((full) => full === undefined);
}

/**
 * The same for claims that count only together: all of a group or none. Returns for each group
 * whose share is used up; undefined when all were claimed.
 */
export async function claimTogether(
  catalog: Database,
  groups: (CapClaim & { cap: number })[][],
): Promise<(CapKind | undefined)[]> {
  return catalog.transaction(async (tx) => {
    const wanted = groups.flat();
    const taken = await lockQuotas(tx, wanted);
    const known = new Set((await readClaims(tx, wanted)).map(refText));
    const fresh: CapClaim[] = [];
    const told = groups.map((group) => {
      const missing = group.filter((claim) => !known.has(refText(claim)));
      const full = missing.find(
        (claim) => (taken.get(quotaText(claim)) ?? 0) + claim.units > claim.cap,
      );
      if (full) return full.kind;
      for (const claim of missing) {
        const quota = quotaText(claim);
        taken.set(quota, (taken.get(quota) ?? 0) + claim.units);
        known.add(refText(claim));
        fresh.push(claim);
      }
      return undefined;
    });
    if (fresh.length === 0) return told;
    await tx.change(
      `INSERT INTO cap_claim (show_id, kind, claim_key, scope, holder, units, claimed_at)
       SELECT k.show_id, k.kind, k.claim_key, k.scope, k.holder, k.units, NOW(3)
       FROM JSON_TABLE(?, '$[*]' COLUMNS (
         show_id INT UNSIGNED PATH '$[0]', kind VARCHAR(4) PATH '$[1]',
         claim_key VARCHAR(100) PATH '$[2]', scope VARCHAR(48) PATH '$[3]',
         holder VARCHAR(64) PATH '$[4]', units SMALLINT UNSIGNED PATH '$[5]'
       )) AS k`,
      [
        JSON.stringify(
          fresh.map(({ showId, kind, key, scope, holder, units }) => [
            ...[showId, kind, key, scope, holder, units],
          ]),
        ),
      ],
    );
    await writeQuotas(tx, fresh, taken);
    return told;
  });
}

/**
 * Lowers claims to what is left of each, and forgets those of which nothing is. Never raises one:
 * two who looked at different moments leave the lower number. `sure`: their requests are journalled.
 */
export async function shrinkClaims(
  catalog: Database,
  left: (ClaimRef & { units: number; sure: boolean })[],
): Promise<void> {
  if (left.length === 0) return;
  const units = new Map(left.map((one) => [refText(one), one]));
  await catalog.transaction(async (tx) => {
    const named = await readClaims(tx, left);
    if (named.length === 0) return;
    const taken = await lockQuotas(tx, named);
    for (const claim of await readClaims(tx, left)) {
      const { units: to, sure } = units.get(refText(claim)) ?? { units: claim.units, sure: false };
      const quota = quotaText(claim);
      taken.set(quota, (taken.get(quota) ?? 0) - Math.max(0, claim.units - to));
      await tx.change(
        to === 0
          ? 'DELETE FROM cap_claim WHERE show_id = ? AND kind = ? AND claim_key = ?'
          : `UPDATE cap_claim SET units = LEAST(units, ${to}), unsure = ${sure ? 'NULL' : 'unsure'}
             WHERE show_id = ? AND kind = ? AND claim_key = ?`,
        [claim.showId, claim.kind, claim.key],
      );
    }
    await writeQuotas(tx, named, taken);
  });
}

const claimColumns = `c.show_id AS showId, c.kind AS kind, c.claim_key AS \`key\`, c.scope AS scope,
  c.holder AS holder, c.units AS units,
  TIMESTAMPDIFF(MICROSECOND, c.claimed_at, NOW(3)) DIV 1000 AS ageMs`;

async function readClaims(tx: Pick<Queryable, 'rows'>, refs: ClaimRef[]): Promise<StoredClaim[]> {
  return tx.rows(
    `SELECT ${claimColumns}
     FROM JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', kind VARCHAR(4) PATH '$[1]',
       claim_key VARCHAR(100) CHARACTER SET ascii PATH '$[2]'
     )) AS k
     STRAIGHT_JOIN cap_claim c ON c.show_id = k.show_id AND c.claim_key = k.claim_key
       AND c.kind = CONVERT(k.kind USING utf8mb4) COLLATE utf8mb4_bin`,
    [JSON.stringify(refs.map(({ showId, kind, key }) => [showId, kind, key]))],
  );
}

/** All claims on one quota, or those that begin with a fan's key. */
export async function claimsOf(
  catalog: Pick<Queryable, 'rows'>,
  { scope, kind, holder }: Quota,
  keyPrefix = '',
): Promise<StoredClaim[]> {
  return catalog.rows(
    `SELECT ${claimColumns} FROM cap_claim c
     WHERE c.scope = ? AND c.kind = ? AND c.holder = ? AND LEFT(c.claim_key, ?) = ?`,
    [scope, kind, holder, keyPrefix.length, keyPrefix],
  );
}

/** Claims of some age whose requests nobody has looked for, oldest first. */
export async function unsureClaims(
  catalog: Pick<Queryable, 'rows'>,
  { ageMs, rowsMax }: { ageMs: number; rowsMax: number },
): Promise<StoredClaim[]> {
  return catalog.rows(
    `SELECT ${claimColumns} FROM cap_claim c
     WHERE c.unsure = 1 AND c.claimed_at < NOW(3) - INTERVAL ? MICROSECOND
     ORDER BY c.claimed_at LIMIT ?`,
    [ageMs * 1000, rowsMax],
  );
}

/** Makes quotas that are missing and locks all, in one order; what each has taken. */
async function lockQuotas(tx: Tx, quotas: Quota[]): Promise<Map<string, number>> {
  const list = distinct(quotas).map(({ scope, kind, holder }) => [scope, kind, holder, 0]);
  await tx.change(
    `INSERT INTO cap_quota (scope, kind, holder, taken) VALUES ?
     ON DUPLICATE KEY UPDATE taken = taken`,
    [list],
  );
  const rows = await tx.rows<Quota & { taken: number }>(
    `SELECT scope, kind, holder, taken FROM cap_quota
     WHERE ${list.map(() => '(scope = ? AND kind = ? AND holder = ?)').join(' OR ')}
     FOR UPDATE`,
    list.flatMap(([scope = '', kind = '', holder = '']) => [scope, kind, holder]),
  );
  return new Map(rows.map((row) => [quotaText(row), row.taken]));
}

async function writeQuotas(tx: Tx, quotas: Quota[], taken: Map<string, number>): Promise<void> {
  await tx.change(
    `INSERT INTO cap_quota (scope, kind, holder, taken) VALUES ?
     ON DUPLICATE KEY UPDATE taken = VALUES(taken)`,
    [
      distinct(quotas).map((quota) => [
        ...[quota.scope, quota.kind, quota.holder, taken.get(quotaText(quota)) ?? 0],
      ]),
    ],
  );
}

/** Each once, by key: the order in which everybody locks them. */
function distinct(quotas: Quota[]): Quota[] {
  const byKey = new Map(quotas.map((quota) => [quotaText(quota), quota]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, quota]) => quota);
}

function quotaText({ scope, kind, holder }: Quota): string {
  return `${scope}|${kind}|${holder}`;
}

function refText({ showId, kind, key }: ClaimRef): string {
  return `${showId}|${kind}|${key}`;
}
