import { SortedSet } from './sorted-set.js';

/** What a command answers; null is Redis's nil. */
export type Reply = null | number | string | (string | null)[];
type Hash = Map<string, string>;
type Kept = Hash | SortedSet | string[];

/** The keys of a Redis in memory, and its clock. */
export type Keys = { kept: Map<string, Kept>; clockMs: () => number };
type Command = (keys: Keys, key: string, args: string[]) => Reply;

function hash({ kept }: Keys, key: string): Hash {
  const found = kept.get(key) ?? new Map<string, string>();
  kept.set(key, found);
  if (found instanceof Map) return found;
  throw new Error(`WRONGTYPE ${key}`);
}

function sorted({ kept }: Keys, key: string): SortedSet {
  const found = kept.get(key) ?? new SortedSet();
  kept.set(key, found);
  if (found instanceof SortedSet) return found;
  throw new Error(`WRONGTYPE ${key}`);
}

function list({ kept }: Keys, key: string): string[] {
  const found = kept.get(key) ?? [];
  kept.set(key, found);
  if (Array.isArray(found)) return found;
  throw new Error(`WRONGTYPE ${key}`);
}

const pairsOf = (args: string[]): [string, string][] =>
  Array.from({ length: args.length / 2 }, (_, at) => [args[2 * at] ?? '', args[2 * at + 1] ?? '']);

function scoreOf(text: string): number {
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  const score = Number(text);
  if (text === '' || Number.isNaN(score)) throw new Error(`ERR ${text} is not a valid float`);
  return score;
}

const countOf = (args: string[], one: (arg: string) => boolean): number => args.filter(one).length;
const scoreText = (score: number | undefined): string | null =>
  score === undefined ? null : String(score);

function drop({ kept }: Keys, keys: string[]): number {
  return countOf(keys, (key) => kept.delete(key));
}

/** The commands that the room's scripts use, each as Redis answers it. */
export const commands: Record<string, Command> = {
  TIME: ({ clockMs }) => {
    const now = clockMs();
    return [String(Math.floor(now / 1000)), String((now % 1000) * 1000)];
  },
  DEL: (keys, key, args) => drop(keys, [key, ...args]),
  UNLINK: (keys, key, args) => drop(keys, [key, ...args]),
  HGET: (keys, key, [field = '']) => hash(keys, key).get(field) ?? null,
  HMGET: (keys, key, fields) => fields.map((field) => hash(keys, key).get(field) ?? null),
  HGETALL: (keys, key) => {
    const flat: string[] = [];
    for (const [field, value] of hash(keys, key)) flat.push(field, value);
    return flat;
  },
  HLEN: (keys, key) => hash(keys, key).size,
  HSET: (keys, key, args) => {
    const fields = hash(keys, key);
    const before = fields.size;
    for (const [field, value] of pairsOf(args)) fields.set(field, value);
    return fields.size - before;
  },
  HDEL: (keys, key, fields) => countOf(fields, (field) => hash(keys, key).delete(field)),
  HINCRBY: (keys, key, [field = '', by = '']) => {
    const value = Number(hash(keys, key).get(field) ?? 0) + Number(by);
    hash(keys, key).set(field, String(value));
    return value;
  },
  RPUSH: (keys, key, values) => list(keys, key).push(...values),
  LPOP: (keys, key) => list(keys, key).shift() ?? null,
  LRANGE: (keys, key, [from = '', to = '']) => list(keys, key).slice(Number(from), Number(to) + 1),
  LINDEX: (keys, key, [at = '']) => list(keys, key).at(Number(at)) ?? null,
  ZADD: (keys, key, args) => {
    const set = sorted(keys, key);
    const onlyNew = args[0] === 'NX';
    const entries = pairsOf(onlyNew ? args.slice(1) : args);
    return entries.filter(
      ([score, member]) =>
        !(onlyNew && set.score(member) !== undefined) && set.add(member, scoreOf(score)),
    ).length;
  },
  ZREM: (keys, key, members) => countOf(members, (one) => sorted(keys, key).delete(one)),
  ZCARD: (keys, key) => sorted(keys, key).size,
  ZSCORE: (keys, key, [member = '']) => scoreText(sorted(keys, key).score(member)),
  ZMSCORE: (keys, key, members) => members.map((one) => scoreText(sorted(keys, key).score(one))),
  ZRANK: (keys, key, [member = '']) => sorted(keys, key).rank(member) ?? null,
  ZCOUNT: (keys, key, [from, to = '']) => {
    if (from !== '-inf') throw new Error('ERR only counts from the lowest score are known here');
    const open = to.startsWith('(');
    return sorted(keys, key).count(scoreOf(open ? to.slice(1) : to), !open);
  },
  ZRANGE: (keys, key, [from = '', to = '', scores]) =>
    sorted(keys, key)
      .range(Number(from), Number(to))
      .flatMap(({ member, score }) => (scores ? [member, String(score)] : [member])),
  ZPOPMIN: (keys, key) => {
    const [first] = sorted(keys, key).range(0, 0);
    if (!first) return [];
    sorted(keys, key).delete(first.member);
    return [first.member, String(first.score)];
  },
  ZREMRANGEBYSCORE: (keys, key, [from, to = '']) => {
    if (from !== '-inf') throw new Error('ERR only ranges from the lowest score are known here');
    const set = sorted(keys, key);
    const gone = set.range(0, set.count(scoreOf(to), true) - 1);
    for (const { member } of gone) set.delete(member);
    return gone.length;
  },
};
