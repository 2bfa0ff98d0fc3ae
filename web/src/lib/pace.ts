/** Random spread, so that pages which lost the server together don't return together. */
export function jitter(ms: number, random: () => number = Math.random): number {
  return Math.round(ms * (0.75 + random() * 0.5));
}

/** The wait in ms before attempt number `attempt` (from 1) of a repeated request: 0.5 s up to 8 s. */
export function backOffMs(attempt: number, random: () => number = Math.random): number {
  return jitter(Math.min(8000, 500 * 2 ** (attempt - 1)), random);
}

/**
 * How long (ms) to wait between looks at the room when nothing is pushed: often near the head of the line,
 * seldom far away from it, and seldom in a page that nobody looks at.
 */
export function pollMs(at: {
  ahead: number | null;
  ratePerMinute: number;
  hidden: boolean;
}): number {
  const rate = Math.max(1, at.ratePerMinute);
  const waitMs = at.ahead === null ? 60_000 : (at.ahead / rate) * 60_000;
  const visibleMs = Math.min(30_000, Math.max(2000, waitMs / 15));
  return at.hidden ? Math.max(10_000, visibleMs) : visibleMs;
}

/** Waits, or stops waiting when the signal ends. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}

/** A promise that ends when the function handed to `give` is called: a wait that a push can cut short. */
export function woken(give: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => give(() => resolve()));
}
