// Every show belongs to exactly one sale. The show may name it, or the sale may list the show (by
// its key, or by the key of an entry that stands for many shows).

import type { Path } from './catalog-file-faults.js';
import type { Reading } from './catalog-file-reading.js';
import type { ShowEntry } from './catalog-file-schema.js';

interface Claim {
  sale: string;
  path: Path;
}

/** Who claims what: sales by the name of a show or of an entry. */
export type Claims = ReadonlyMap<string, readonly Claim[]>;

/** Reads the `shows` lists of all sales. */
export function claimsOf({ sections }: Reading): Claims {
  const claims = new Map<string, Claim[]>();
  for (const { index, entry } of sections.sales.found) {
    (entry.shows ?? []).forEach((name, at) => {
      const claim = { sale: entry.key, path: ['sales', index, 'shows', at] };
      claims.set(name, [...(claims.get(name) ?? []), claim]);
    });
  }
  return claims;
}

/** The one sale of a show; undefined, with a fault, when there is none or more than one. */
export function saleOfShow(
  reading: Reading,
  claims: Claims,
  showKey: string,
  index: number,
  entry: ShowEntry,
): string | undefined {
  const { sections, faults } = reading;
  const names = new Set([showKey, entry.key ?? showKey]);
  const listed = [...names].flatMap((name) => claims.get(name) ?? []);
  const sales = new Set(listed.map((claim) => claim.sale));
  if (entry.sale !== undefined) {
    sales.add(entry.sale);
  }
  const [sale, second] = sales;
  if (sale === undefined) {
    // A sale with a fault of its own may be the one that lists this show.
    if (sections.sales.complete) {
      faults.add(['shows', index], 'belongs to no sale: add `sale: KEY`, or list it in a sale');
    }
    return undefined;
  }
  if (second !== undefined) {
    const path = listed.at(-1)?.path ?? ['shows', index];
    const all = [...sales].join(' and ');
    faults.add(path, `show ${showKey} belongs to ${all}: a show has exactly one sale`);
    return undefined;
  }
  return sale;
}

/** Reports what sales list that is neither a show nor an entry of this file. */
export function reportUnknownClaims(
  { sections, faults }: Reading,
  claims: Claims,
  showKeys: ReadonlySet<string>,
): void {
  for (const [name, list] of claims) {
    if (!showKeys.has(name) && !sections.shows.declared.has(name)) {
      for (const { path } of list) {
        faults.add(path, `there is no show "${name}": give the key of a show or of an entry`);
      }
    }
  }
}
