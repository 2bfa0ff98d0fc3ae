import type { Redis } from './connect.js';
import { takeDrop } from './leaky-bucket.js';

/** So many milliseconds' worth of turns may come at once, which evens out the naps between them. */
const burstMs = 10;
/** How long one look at the bucket lets the next wait at most. */
const napMsMax = 250;

/**
 * Turns that all processes take from one bucket, `perSecond` of them in any second; in this
 * process they come in the order in which they were asked for. While Redis is away, each process
 * keeps the same pace for itself. Who asks bounds how many wait.
 */
export function openTurns(redis: Redis, key: string, perSecond: number): () => Promise<void> {
  const take = takeDrop(redis, key);
  const dropUs = Math.ceil(1_000_000 / perSecond);
  const burst = Math.max(1, Math.floor((perSecond * burstMs) / 1_000));
  const next = async (): Promise<void> => {
    for (;;) {
      const waitMs = await take(dropUs, burst);
      if (waitMs === 0) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, napMsMax)));
    }
  };
  let last = Promise.resolve();
  return () => {
    // Whose turn failed holds nobody up.
    last = last.then(next, next);
    return last;
  };
}
