import { count, range, spoken } from './format.js';
import type { Place, Room, Sale } from './types.js';

/**
 * How many are ahead, worked out from the shared numbers alone; it never grows. `now_serving` counts the
 * places that were served, so the first of those who wait has nobody ahead.
 */
export function aheadOf(
  place: Place | null,
  room: Room | null,
  before: number | null,
): number | null {
  const bounds = [before, place?.ahead ?? null];
  if (place?.place != null && room !== null) {
    bounds.push(Math.max(0, place.place - 1 - room.now_serving));
  }
  const known = bounds.filter((bound): bound is number => bound !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** The wait in seconds, as a range, at the measured rate; null when the line doesn't move. */
export function estimate(
  ahead: number | null,
  room: Room | null,
): { low: number; high: number } | null {
  if (ahead === null || room === null || room.state !== 'open') return null;
  const outflow = room.line_per_minute ?? room.rate_per_minute;
  if (!(outflow > 0)) return null;
  const seconds = (ahead / outflow) * 60;
  return { low: seconds * 0.8, high: seconds * 1.35 + 5 };
}

/** When the sale opens (ms), by the room if it says so: a sale may be delayed; null if nobody says. */
export function opensMs(sale: Sale, room: Room | null): number | null {
  const opens = room?.opens_at ?? sale.opens_at;
  return opens === null ? null : Date.parse(opens);
}

/** When the head of the line last moved, by the page's own watching. */
export interface Movement {
  nowServing: number;
  movedMs: number;
}

/** How long (ms) without movement is no longer ordinary at this rate. */
function patienceMs(ratePerMinute: number): number {
  return Math.max(20_000, 4 * (60_000 / Math.max(1, ratePerMinute)));
}

export interface LineWords {
  tone: 'calm' | 'moving' | 'still' | 'over';
  headline: string;
  text: string;
}

/** The state of the line in plain words, for somebody who waits in it. */
export function lineWords(
  room: Room,
  at: { ahead: number | null; movement: Movement; nowMs: number },
): LineWords {
  switch (room.state) {
    case 'scheduled':
      return {
        tone: 'calm',
        headline: 'The lobby is not open yet',
        text: 'Come back here before the sale opens.',
      };
    case 'lobby':
      return {
        tone: 'calm',
        headline: 'You are in the lobby',
        text: 'Nothing to do: you can close this page, reload it or lock your phone. Your place stays yours.',
      };
    case 'paused':
      return {
        tone: 'still',
        headline: 'The line is paused',
        text: 'The organiser has stopped the line for a moment. Nobody loses a place.',
      };
    case 'restoring':
      return {
        tone: 'still',
        headline: 'The line is being restored',
        text: 'We are putting everybody back in order. Your place is kept and comes back by itself.',
      };
    case 'sold_out':
      return {
        tone: 'over',
        headline: 'Sold out',
        text: 'Every seat is taken. Seats that are given back go on sale here at once.',
      };
    case 'closed':
      return { tone: 'over', headline: 'The sale is closed', text: 'No more seats are sold here.' };
    case 'open':
      return openWords(room, at);
  }
}

/** Why the line is slow, for those who wait in it. */
const reasons: Record<string, string> = {
  pass_cap: 'As many people are choosing seats as we let in at once.',
  lanes: 'We let in fewer while we decide the many requests that have come in.',
  shard: 'We let in fewer while one of our systems is slow.',
  payments: 'We let in fewer while payments are slow.',
  draining: 'Nobody new joins the line any more; everybody in it has their turn.',
};

function openWords(
  room: Room,
  at: { ahead: number | null; movement: Movement; nowMs: number },
): LineWords {
  const stillMs = at.nowMs - at.movement.movedMs;
  const why = reasons[room.reason ?? ''] ?? '';
  if (room.reason === 'seats_held') {
    const held = room.seats_held ?? 0;
    return {
      tone: 'still',
      headline: 'Every seat is held at the moment',
      text: `${count(held)} ${held === 1 ? 'seat is' : 'seats are'} held and not paid yet. What is not paid comes back, and the line goes on then.`,
    };
  }
  if ((at.ahead ?? 1) > 0 && stillMs > patienceMs(room.rate_per_minute)) {
    return {
      tone: 'still',
      headline: 'The line is standing still',
      text: `It has not moved for ${spoken(stillMs / 1000)}. ${why} Your place is safe, and you move on as soon as it does.`.replace(
        '.  ',
        '. ',
      ),
    };
  }
  const wait = estimate(at.ahead, room);
  if (at.ahead === 0) {
    const text = 'Stay here, please: you go in as soon as somebody inside has finished.';
    return { tone: 'moving', headline: 'You are next', text };
  }
  return {
    tone: 'moving',
    headline: wait === null ? 'You are in the line' : `Your turn comes in ${range(wait)}`,
    text:
      room.rate_per_minute > 0
        ? `About ${count(Math.round(room.rate_per_minute))} people a minute are let in. ${why}`.trim()
        : 'We are still working out how long it takes.',
  };
}

/** How the order of the line is made, for anybody who asks whether it is fair. */
export function orderWords(sale: Pick<Sale, 'lobby'>): string {
  return sale.lobby === 'draw'
    ? 'Everybody who is in the lobby at the opening takes part in a draw for the places. Whoever comes later stands behind, in order of joining.'
    : 'Places are given strictly in the order of joining.';
}

/**
 * The odds of getting seats, in words: from the seats left, those that may come back, and the
 * people ahead. Null while they can't be known.
 */
export function oddsWords(
  sale: Pick<Sale, 'seat_cap'>,
  ahead: number | null,
  room: Room,
): string | null {
  if (ahead === null || room.seats_left === null) return null;
  if (room.state !== 'open' && room.state !== 'paused') return null;
  const { seats_left: left } = room;
  const mayCome = left + (room.seats_held ?? 0);
  if (left >= (ahead + 1) * sale.seat_cap) return 'certain: there are enough for all before you';
  if (left >= (ahead + 1) * 2) return 'good, if people take about two each';
  if (left > ahead) return 'fair: about one seat for each before you';
  if (mayCome > ahead) return 'slim: you need seats that others give back';
  return 'very slim: more people are before you than seats can come';
}

/** Whether there are likely not enough seats for everybody ahead, which a fan should hear early. */
export function runsShort(ahead: number | null, room: Room | null): boolean {
  if (ahead === null || room === null || room.seats_left === null) return false;
  return room.state === 'open' && room.seats_left < ahead;
}
