import { z } from 'zod';
import { formatShowId, parseShowId, type ShowId } from '../../core/domain/ids.js';
import { orphanRules } from '../../core/domain/single-seats.js';
import { microCache } from '../../core/runtime/micro-cache.js';
import type { Database } from '../../core/store/database.js';
import { readSeatMap } from '../../core/store/shard/seat-map-rows.js';
import { readShowVersion } from '../../core/store/shard/show-seats.js';
import type { ApiDeps } from '../deps.js';
import { type Answer, type Route, route } from '../route.js';
import { found } from './browse.js';
import { type DrawnSeatMap, drawSeatMap } from './seat-map-drawing.js';

/** How often a process asks a shard for the version of one show. */
const versionKeptMs = 200;
/** Maps held in memory: about 50 kB each. */
const mapsMax = 500;

const seatMapShape = z.object({
  show_id: z.string(),
  version: z.number().int(),
  /** Grows whenever prices have changed. */
  price_version: z.number().int(),
  /** Whether a choice may leave one free seat alone. */
  orphan_rule: z.enum(orphanRules),
  rows: z.array(
    z.object({
      row: z.string(),
      seats: z.array(
        z.object({
          seat: z.string(),
          x: z.number().int(),
          state: z.enum(['free', 'held', 'booked', 'closed']),
          zone: z.string(),
          kind: z.enum(['accessible', 'companion']).optional(),
          price: z.object({ amount: z.number().int(), currency: z.string() }),
        }),
      ),
    }),
  ),
});

/** Seat maps: drawn once per version, asked for by everybody at once. */
export function showRoutes({ shards }: Pick<ApiDeps, 'shards'>): Route[] {
  const versions = microCache<number | undefined>({
    keptMs: versionKeptMs,
    entriesMax: mapsMax * 4,
  });
  const maps = new Map<ShowId, Promise<DrawnSeatMap>>();

  async function mapOf(showId: ShowId): Promise<DrawnSeatMap> {
    const shard = await shards.forShow(showId);
    const version = found(
      await versions.get(String(showId), () => readShowVersion(shard, showId)),
      'show',
    );
    const kept = await maps.get(showId)?.catch(() => undefined);
    if (kept && kept.version >= version) return kept;
    return readAgain(shard, showId, kept);
  }

  /** Whoever comes while a map is being read waits for it instead of reading it too. */
  function readAgain(
    shard: Database,
    showId: ShowId,
    old: DrawnSeatMap | undefined,
  ): Promise<DrawnSeatMap> {
    const running = reading.get(showId);
    if (running) return running;
    const next = readSeatMap(shard, showId)
      .then((map) => {
        const drawn = drawSeatMap(formatShowId(showId), found(map, 'show'));
        return old && old.version > drawn.version ? old : drawn;
      })
      .finally(() => reading.delete(showId));
    reading.set(showId, next);
    maps.delete(showId);
    if (maps.size >= mapsMax) {
      const [oldest] = maps.keys();
      if (oldest !== undefined) maps.delete(oldest);
    }
    maps.set(showId, next);
    return next;
  }
  const reading = new Map<ShowId, Promise<DrawnSeatMap>>();

  return [
    route({
      method: 'get',
      path: '/api/v1/shows/:id/seats',
      summary: 'The seat map: JSON, or with Accept: application/octet-stream two bits a seat',
      identity: 'none',
      limit: 'seats',
      answers: { 200: seatMapShape, 304: 'empty' },
      handle: async ({ params, req }) => {
        const showId = found(parseShowId(params.id ?? ''), 'show');
        const bits =
          req.accepts(['json', 'application/octet-stream']) === 'application/octet-stream';
        return answerOf(await mapOf(showId), bits, req.get('if-none-match'));
      },
    }),
  ];
}

function answerOf(map: DrawnSeatMap, bits: boolean, ifNoneMatch: string | undefined): Answer {
  // The two forms are different bytes, so a strong tag names which one it is of.
  const etag = bits ? `"${map.tag}-bits"` : `"${map.tag}"`;
  const headers = {
    ETag: etag,
    Vary: 'Accept',
    'Cache-Control': 'no-cache',
    'Usher-Version': String(map.version),
  };
  const asked = ifNoneMatch?.split(',').map((part) => part.trim().replace(/^W\//, ''));
  if (asked?.includes(etag) || asked?.includes('*')) return { status: 304, headers };
  return {
    status: 200,
    headers,
    raw: bits
      ? { type: 'application/octet-stream', data: map.bits }
      : { type: 'application/json', data: map.json },
  };
}
