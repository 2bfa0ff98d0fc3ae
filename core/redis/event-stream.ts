import type { Redis } from './connect.js';
import type { RedisNames } from './keys.js';
import { loadScript, runScript } from './scripts.js';

const script = loadScript(new URL('lua/append_events-2.lua', import.meta.url));
/** The logs keep everything; the stream keeps what a consumer may have missed. */
const eventsMax = 100_000;

/** Appends entries of one show, each once. @throws RedisAway. */
export async function appendEvents(
  redis: Redis,
  names: RedisNames,
  showId: number,
  entries: { lsn: number; json: string }[],
): Promise<void> {
  const list = entries.flatMap(({ lsn, json }) => [lsn, json]);
  await runScript(redis, script, [names.events, names.eventsLast], [showId, eventsMax, ...list]);
}

/** Events after a place in the stream, oldest first; `0` begins with the oldest that is kept. */
export async function readStream(
  redis: Redis,
  names: RedisNames,
  { after, rowsMax }: { after: string; rowsMax: number },
): Promise<{ place: string; event: unknown }[]> {
  const from = after === '0' ? '-' : `(${after}`;
  const rows = await redis.xrange(names.events, from, '+', 'COUNT', rowsMax);
  return rows.map(([place, fields]) => ({
    place,
    event: JSON.parse(fields[1] ?? 'null') as unknown,
  }));
}

/** The place of the newest event: where a tail begins. */
export async function lastPlace(redis: Redis, names: RedisNames): Promise<string> {
  const [last] = await redis.xrevrange(names.events, '+', '-', 'COUNT', 1);
  return last?.[0] ?? '0';
}
