import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';

/** Most entries of one page, and as many as come without a `limit`. */
export const pageMax = 100;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(pageMax).default(pageMax),
  cursor: z.string().max(200).optional(),
};

/** The schema of a list answer. */
export function listOf<T extends z.ZodType>(entry: T) {
  return z.object({ results: z.array(entry), next_cursor: z.string().nullable() });
}

/** Cursors are opaque: what they hold may change with any release. */
export function writeCursor(parts: number[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws UsherError `malformed` for a cursor that no list of ours gave out. */
export function readCursor(cursor: string, partsCount: number): number[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (
      Array.isArray(parts) &&
      parts.length === partsCount &&
      parts.every((part) => Number.isSafeInteger(part) && part >= 0)
    ) {
      return parts as number[];
    }
  } catch {
    // Told below, like any other cursor that isn't ours.
  }
  throw new UsherError('malformed', 'Take `cursor` from `next_cursor` of the page before.');
}

/** One page of a list that is held whole. */
export function pageOf<T>(
  all: readonly T[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): { results: T[]; next_cursor: string | null } {
  const [from = 0] = cursor === undefined ? [] : readCursor(cursor, 1);
  const results = all.slice(from, from + limit);
  return {
    results,
    next_cursor: from + limit < all.length ? writeCursor([from + limit]) : null,
  };
}
