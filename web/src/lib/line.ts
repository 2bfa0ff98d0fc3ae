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
  if (!(room.rate_per_minute > 0)) return null;
  const seconds = (ahead / room.rate_per_minute) * 60;
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

function openWords(
  room: Room,
  at: { ahead: number | null; movement: Movement; nowMs: number },
): LineWords {
  const stillMs = at.nowMs - at.movement.movedMs;
  if ((at.ahead ?? 1) > 0 && stillMs > patienceMs(room.rate_per_minute)) {
    return {
      tone: 'still',
      headline: 'The line is standing still',
      text: `It has not moved for ${spoken(stillMs / 1000)}. Your place is safe, and you move on as soon as it does.`,
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
        ? `About ${count(Math.round(room.rate_per_minute))} people a minute are let in.`
        : 'We are still working out how long it takes.',
  };
}

/** Whether there are likely not enough seats for everybody ahead, which a fan should hear early. */
export function runsShort(ahead: number | null, room: Room | null): boolean {
  if (ahead === null || room === null || room.seats_left === null) return false;
  return room.state === 'open' && room.seats_left < ahead;
}
