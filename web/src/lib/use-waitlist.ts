import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.js';
import * as calls from './calls.js';
import { clock } from './clock.js';
import { hear } from './live.js';
import { jitter } from './pace.js';
import type { WaitlistEntry } from './types.js';

/** A push tells of an offer at once; asking stands behind it. */
const askEveryMs = 20_000;
/** An offer that is over goes to the next in line within a moment, which no push tells. */
const settleMs = 1_000;

/** The fan's entry in a show's line, kept fresh; null when there is none, undefined until asked. */
export function useWaitlist(
  showId: string | null,
  asked: unknown,
): { entry: WaitlistEntry | null | undefined; reload: () => void } {
  const [entry, setEntry] = useState<WaitlistEntry | null | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  const reload = (): void => setTurn((before) => before + 1);
  useEffect(() => {
    if (showId === null) return undefined;
    const end = new AbortController();
    let later: number | undefined;
    const read = (): void => {
      calls.waitlist(showId, end.signal).then(
        (found) => {
          setEntry(found);
          if (found.state !== 'offered') return;
          const leftMs = found.offer ? Date.parse(found.offer.expires_at) - clock.now() : 0;
          window.clearTimeout(later);
          later = window.setTimeout(read, Math.max(0, leftMs) + settleMs);
        },
        (thrown: unknown) => {
          if (thrown instanceof ApiError && thrown.problem.status === 404) setEntry(null);
        },
      );
    };
    read();
    const timer = window.setInterval(read, jitter(askEveryMs));
    const unhear = [
      hear('offer', (offer) => {
        if (offer.show_id === showId) read();
      }),
      hear('reservation', read),
    ];
    return () => {
      end.abort();
      window.clearInterval(timer);
      window.clearTimeout(later);
      for (const each of unhear) each();
    };
  }, [showId, turn, asked]);
  return { entry, reload };
}
