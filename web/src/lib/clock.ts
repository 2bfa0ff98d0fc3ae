/**
 * The server's time, worked out from its answers.
 *
 * A Date header has whole seconds, so each fresh answer bounds the difference between the two clocks from
 * both sides; the bounds of several answers together are far narrower than one second.
 */
export interface Clock {
  /** The server's time now, in milliseconds since 1970. */
  now(): number;
  /** Takes in one answer: its Date header and the local times (ms) at which it was asked and heard. */
  heard(dateHeader: string | null, sentMs: number, receivedMs: number): void;
}

export function createClock(localNow: () => number = Date.now): Clock {
  let lowMs = Number.NEGATIVE_INFINITY;
  let highMs = Number.POSITIVE_INFINITY;
  let offsetMs = 0;
  return {
    now: () => localNow() + offsetMs,
    heard: (dateHeader, sentMs, receivedMs) => {
      const dateMs = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
      if (Number.isNaN(dateMs)) return;
      const low = dateMs - receivedMs;
      const high = dateMs + 1000 - sentMs;
      lowMs = Math.max(lowMs, low);
      highMs = Math.min(highMs, high);
      if (lowMs > highMs) {
        // One of the clocks was set: what was heard before no longer holds.
        lowMs = low;
        highMs = high;
      }
      offsetMs = (lowMs + highMs) / 2;
    },
  };
}

export const clock: Clock = createClock();
