import { formatId, formatShowId, type ShowId } from '../core/domain/ids.js';
import { etrSeconds } from '../core/domain/waitlist.js';
import type { DecisionMessage } from '../core/redis/news.js';
import { microCache } from '../core/runtime/micro-cache.js';
import type { Queryable } from '../core/store/database.js';
import {
  type LineSummary,
  type OpenOffer,
  readAhead,
  readLineSummary,
  readOpenOffers,
} from '../core/store/shard/line-views.js';
import { readEntry } from '../core/store/shard/waitlist.js';
import type { Shards } from '../core/store/shards.js';

/** A fan's own entry as the contract has it. */
export type LineEntry = {
  show_id: string;
  state: 'waiting' | 'offered';
  /** Seats that are still waited for, without those of an offer. */
  quantity: number;
  zone: string | null;
  accept_fewer: boolean;
  /** Null while everything that was asked for is offered. */
  queue_position: number | null;
  etr_seconds: number | null;
  /** The open offer that ends first. */
  offer?: ReturnType<typeof offerJson>;
  /** All of them: who takes fewer may have several. */
  offers: ReturnType<typeof offerJson>[];
};

export type Lines = {
  /** The fan's entry; undefined when there is none. */
  entryOf(
    shard: Pick<Queryable, 'rows'>,
    showId: ShowId,
    fanId: string,
  ): Promise<LineEntry | undefined>;
  /** The same refusal with the position and the estimate of a fan who was put into the line. */
  withEstimate(message: DecisionMessage): Promise<DecisionMessage>;
};

/** The pace of a line is asked for once in this long, whatever the number of fans it is told. */
const summaryKeptMs = 2_000;
const summariesMax = 5_000;

export function openLines(shards: Pick<Shards, 'forShow'>): Lines {
  const summaries = microCache<LineSummary | undefined>({
    keptMs: summaryKeptMs,
    entriesMax: summariesMax,
  });
  const summaryOf = (shard: Pick<Queryable, 'rows'>, showId: ShowId) =>
    summaries.get(String(showId), () => readLineSummary(shard, showId));
  return {
    entryOf: async (shard, showId, fanId) => {
      const entry = await readEntry(shard, showId, fanId);
      const offers = entry && entry.offered > 0 ? await readOpenOffers(shard, showId, fanId) : [];
      const [offer] = offers;
      const isWaiting = entry?.state === 'WAITING';
      // An offer whose time is over goes back into the line with the next batch.
      if (!entry || (!isWaiting && entry.state !== 'OFFERED')) return undefined;
      const ahead = isWaiting ? await readAhead(shard, showId, entry.place) : undefined;
      const summary = ahead && (await summaryOf(shard, showId));
      return {
        show_id: formatShowId(showId),
        state: isWaiting ? 'waiting' : 'offered',
        quantity: entry.quantity,
        zone: entry.zone,
        accept_fewer: entry.acceptFewer,
        queue_position: ahead?.position ?? null,
        etr_seconds: ahead && summary ? etrSeconds(ahead.seats, summary) : null,
        ...(offer ? { offer: offerJson(showId, offer) } : {}),
        offers: offers.map((one) => offerJson(showId, one)),
      };
    },
    withEstimate: async (message) => {
      const { show_id: showId, fan_id: fanId } = message;
      const shard = await shards.forShow(showId);
      const summary = await summaryOf(shard, showId);
      let position = message.queue_position;
      if (position === undefined) {
        const entry = await readEntry(shard, showId, fanId);
        if (entry?.state === 'WAITING') {
          position = (await readAhead(shard, showId, entry.place)).position;
        }
      }
      if (position === undefined || !summary) return message;
      // Others want as many seats as the mean of the line: good enough for an estimate.
      const each = Math.max(1, summary.waitingSeats / Math.max(1, summary.waiting));
      const etr = etrSeconds(position * each, summary);
      return { ...message, queue_position: position, etr_seconds: etr };
    },
  };
}

export function offerJson(showId: ShowId, offer: OpenOffer) {
  const { currency } = offer;
  return {
    reservation_id: formatId('reservation', { showId, no: offer.reservationId }),
    state: offer.state.toLowerCase(),
    seats: offer.seats.map(([, seat, amount]) => ({ seat, price: { amount, currency } })),
    amount: offer.amount,
    currency,
    expires_at: offer.expiresAt.toISOString(),
  };
}
