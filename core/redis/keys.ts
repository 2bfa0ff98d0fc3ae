/**
 * Every Redis name of Usher. All keys of one sale share one hash tag, so that each script finds
 * them on one node of a Redis Cluster.
 */
export type RedisNames = {
  /** Settings, cursor and epoch of a sale's room (hash). */
  room(saleId: string): string;
  /** Fans of a room by score, append-only (sorted set). */
  line(saleId: string): string;
  /** What became of a fan: admitted, left, done, away (hash). */
  marks(saleId: string): string;
  /** Live passes by the end of their lease in ms (sorted set). */
  leases(saleId: string): string;
  /** How many were admitted when, over the last minute (list of `time:count`). */
  window(saleId: string): string;
  /** Fans picked by the pump whose admission is not yet written to SQL (hash). */
  picked(saleId: string): string;
  /** Fans who are served with a share of the rate, by score (sorted set). */
  priority(saleId: string): string;
  /** What guarded the room's door and how often (hash of counters). */
  caught(saleId: string): string;
  /** A piece of work that was shown once (text, until the challenge is over). */
  work(saleId: string, signature: string): string;
  /** Away fans who came back, by score (sorted set). */
  returned(saleId: string): string;
  /** Until when fans near the head count as present, by the room's clock in ms (sorted set). */
  seen(saleId: string): string;
  /** Which rank was near the head from when on, by the room's clock (list of `time:rank`). */
  calls(saleId: string): string;
  /** Admitted fans who have not shown up yet, by the room's clock in ms (sorted set). */
  fresh(saleId: string): string;
  /** Who came into or left the lobby of a draw, in the order of time (list). */
  entrants(saleId: string): string;
  /** All keys of a room, but for shown work, which ends by itself. */
  roomKeys(saleId: string): string[];
  /** Publish/subscribe channel of one api process: the outcomes of requests that it accepted. */
  nodeChannel(node: string): string;
  /** Publish/subscribe channel that every api process hears. */
  everyoneChannel: string;
  /** What happened in all shows, in the order of its publishing (stream). */
  events: string;
  /** The last entry of each show's log in that stream (hash). */
  eventsLast: string;
  /** BullMQ's key prefix. */
  queuePrefix: string;
  /** Percent of a sale's rate that the payment provider can follow; absent when all of it (text). */
  providerPace: string;
  /** Prefix of the leaky buckets. */
  limits: string;
  /** Bucket of the calls that all processes make to the payment provider. */
  providerCalls: string;
  /** Prefix of the buckets of the mails that all processors hand to each mail server. */
  mails: string;
};

const roomParts = [
  'room',
  'line',
  'marks',
  'leases',
  'window',
  'picked',
  'priority',
  'caught',
  'returned',
  'seen',
  'calls',
  'fresh',
  'entrants',
];

export function redisNames(prefix: string): RedisNames {
  const sale = (saleId: string, part: string) => `${prefix}:{sale:${saleId}}:${part}`;
  return {
    room: (saleId) => sale(saleId, 'room'),
    line: (saleId) => sale(saleId, 'line'),
    marks: (saleId) => sale(saleId, 'marks'),
    leases: (saleId) => sale(saleId, 'leases'),
    window: (saleId) => sale(saleId, 'window'),
    picked: (saleId) => sale(saleId, 'picked'),
    priority: (saleId) => sale(saleId, 'priority'),
    caught: (saleId) => sale(saleId, 'caught'),
    work: (saleId, signature) => sale(saleId, `work:${signature}`),
    returned: (saleId) => sale(saleId, 'returned'),
    seen: (saleId) => sale(saleId, 'seen'),
    calls: (saleId) => sale(saleId, 'calls'),
    fresh: (saleId) => sale(saleId, 'fresh'),
    entrants: (saleId) => sale(saleId, 'entrants'),
    roomKeys: (saleId) => roomParts.map((part) => sale(saleId, part)),
    nodeChannel: (node) => `${prefix}:node:${node}`,
    everyoneChannel: `${prefix}:everyone`,
    events: `{${prefix}:events}:stream`,
    eventsLast: `{${prefix}:events}:last`,
    queuePrefix: `{${prefix}:queue}`,
    providerPace: `${prefix}:provider:pace`,
    limits: `${prefix}:limit`,
    providerCalls: `${prefix}:provider:calls`,
    mails: `${prefix}:mails`,
  };
}
