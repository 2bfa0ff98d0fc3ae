import type { Redis } from './connect.js';
import type { RedisNames } from './keys.js';

/** What programs tell all api processes. Each is a hint: a GET stands behind it. */
export type News =
  | { kind: 'room'; sale_id: string; room: Record<string, unknown> }
  | { kind: 'admitted'; sale_id: string; fan_id: string; pass_id: string; expires_at_ms: number }
  /** Their turn came and they gave no sign of life; a page that is there brings them back. */
  | { kind: 'called'; sale_id: string; fan_ids: string[] }
  /** Passes that are refused from now on. */
  | { kind: 'revoked'; passes: [passId: string, expiresMs: number][] }
  | {
      kind: 'seats';
      show_id: number;
      version: number;
      changes: [seat: string, state: string][];
      /** Present when prices have changed. */
      price_version?: number;
    }
  | { kind: 'reservation'; fan_id: string; reservation: Record<string, unknown> }
  | { kind: 'offer'; fan_id: string; offer: Record<string, unknown> }
  | { kind: 'booking'; fan_id: string; booking: Record<string, unknown> };

/** The outcome of one request, sent to the api process that accepted it. */
export type DecisionNews = {
  kind: 'decisions';
  shard_id: number;
  /** Fully formed answers, so that the api need not read the database again. */
  decisions: DecisionMessage[];
};

export type DecisionMessage = {
  show_id: number;
  no: number;
  fan_id: string;
  state: 'GRANTED' | 'REFUSED' | 'LAPSED' | 'WITHDRAWN';
  reason?: string;
  /** Alternatives of a refusal: lists of seat names. */
  alternatives?: string[][];
  /** Where in the line of a full show the fan has come to stand, counted from 1. */
  queue_position?: number;
  /** Seconds until the line has probably come so far; null while the pace is unknown. */
  etr_seconds?: number | null;
  grant?: {
    seats: [seat: string, price: number][];
    adjacent: boolean;
    amount: number;
    /** The part of the amount that is booking fee. */
    fee: number;
    /** What a code took off the prices; absent without one. */
    discount?: { code: string; amount: number };
    currency: string;
    expires_at_ms: number;
    limit_at_ms: number;
  };
};

/** Publishes one message; a Redis that is away costs nothing but the hint. */
export async function publish(
  redis: Redis,
  channel: string,
  message: News | DecisionNews,
): Promise<void> {
  try {
    await redis.publish(channel, JSON.stringify(message));
  } catch {
    // The asker polls and reads the truth from MySQL.
  }
}

/** Hears one api process's own channel and everyone's. */
export async function subscribe(
  redis: Redis,
  names: RedisNames,
  node: string,
  onMessage: (message: News | DecisionNews) => void,
): Promise<void> {
  redis.on('message', (_channel: string, text: string) => {
    onMessage(JSON.parse(text) as News | DecisionNews);
  });
  await redis.subscribe(names.nodeChannel(node), names.everyoneChannel);
}
