import type { Purchase } from './keep.js';
import type { Place } from './types.js';

/** Where a fan is on the way from the door to the ticket. */
export type FlowStep = 'gate' | 'line' | 'choose' | 'sending' | 'pay';

/** Works out the step from what is kept, so that a reloaded page goes on at the right one. */
export function stepOf(at: {
  place: Place | null;
  purchase: Purchase | null;
  standing: boolean;
  nowMs: number;
}): FlowStep {
  const { place, purchase } = at;
  if (purchase?.reservation !== undefined) return 'pay';
  if (purchase?.reserve !== undefined) return 'sending';
  if (place?.state === 'admitted') {
    const live =
      place.pass_expires_at === undefined || Date.parse(place.pass_expires_at) > at.nowMs;
    return live || at.standing ? 'choose' : 'gate';
  }
  if (place?.state === 'lobby' || place?.state === 'waiting' || place?.state === 'away')
    return 'line';
  return at.standing ? 'choose' : 'gate';
}
