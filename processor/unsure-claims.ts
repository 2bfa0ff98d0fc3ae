import type { Logger } from '../core/runtime/log.js';
import { unsureClaims } from '../core/store/catalog/cap-claims.js';
import { settleClaims } from '../core/store/catalog/settle-claims.js';
import type { Database } from '../core/store/database.js';
import type { Shards } from '../core/store/shards.js';
import { type Loop, openLoop } from './loop.js';

/** Far beyond any journal statement, so that a claim without a request is one that died. */
const ageMs = 60_000;
const rowsMax = 200;
const pauseMs = 20_000;

type Deps = { catalog: Database; shards: Shards; log: Logger };

/** Looks after claims whose api process may have died before their request was journalled. */
export function openUnsureClaims(deps: Deps): Loop {
  return openLoop('unsure claims', { log: deps.log, pauseMs }, () => settleUnsure(deps, ageMs));
}

/** Settles the oldest claims that nobody has looked for; true when there may be more. */
export async function settleUnsure(
  deps: Pick<Deps, 'catalog' | 'shards'>,
  ageMs: number,
): Promise<boolean> {
  const claims = await unsureClaims(deps.catalog, { ageMs, rowsMax });
  await settleClaims(deps, claims);
  return claims.length === rowsMax;
}
