import { badParam, noSuch } from './errors.js';
import { type Form, textOf } from './form.js';

export type Listed = { id: string; created: number };
export type List<T> = { object: 'list'; url: string; has_more: boolean; data: T[] };

/**
 * One page of a list, newest first, by Stripe's parameters `limit`, `starting_after`,
 * `ending_before` and `created`. `oldestFirst` is the list in the order of creation.
 */
export function page<T extends Listed>(
  oldestFirst: readonly T[],
  query: Form,
  url: string,
  wanted: (item: T) => boolean = () => true,
): List<T> {
  const limit = limitOf(query);
  const inTime = timeFilter(query);
  const items = oldestFirst.filter((item) => inTime(item.created) && wanted(item)).reverse();
  const after = cursor(oldestFirst, items, query, 'starting_after');
  const before = cursor(oldestFirst, items, query, 'ending_before');
  if (before !== undefined) {
    const start = Math.max(0, before - limit);
    return { object: 'list', url, has_more: start > 0, data: items.slice(start, before) };
  }
  const start = after === undefined ? 0 : after + 1;
  return {
    object: 'list',
    url,
    has_more: items.length > start + limit,
    data: items.slice(start, start + limit),
  };
}

function limitOf(query: Form): number {
  const text = textOf(query, 'limit') ?? '10';
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 100) throw badParam('limit', 'This value must be between 1 and 100.');
  return limit;
}

function cursor<T extends Listed>(
  all: readonly T[],
  items: readonly T[],
  query: Form,
  name: 'starting_after' | 'ending_before',
): number | undefined {
  const id = textOf(query, name);
  if (id === undefined) return undefined;
  if (!all.some((item) => item.id === id)) throw noSuch('object', id, name, 400);
  return items.findIndex((item) => item.id === id);
}

function timeFilter(query: Form): (seconds: number) => boolean {
  const created = query.created;
  if (created === undefined) return () => true;
  const bounds = typeof created === 'string' ? { gte: created, lte: created } : created;
  const read = (name: 'gt' | 'gte' | 'lt' | 'lte', missing: number): number => {
    const text = Array.isArray(bounds) ? undefined : bounds[name];
    if (text === undefined) return missing;
    if (typeof text !== 'string' || !/^\d{1,12}$/.test(text)) {
      throw badParam(`created[${name}]`, 'Invalid timestamp.');
    }
    return Number(text);
  };
  const from = Math.max(read('gte', 0), read('gt', -1) + 1);
  const to = Math.min(read('lte', Infinity), read('lt', Infinity) - 1);
  return (seconds) => seconds >= from && seconds <= to;
}
