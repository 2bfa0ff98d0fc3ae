import { useEffect, useState } from 'preact/hooks';
import { announce } from './announce.js';
import { ApiError } from './api.js';
import * as calls from './calls.js';
import { connected, hear, watch } from './live.js';
import { jitter, pause, woken } from './pace.js';
import { applyDelta } from './seat-model.js';
import type { SeatDelta, SeatMap } from './types.js';

/** Without pushes the map is read again this often; with them, now and then, to be sure. */
const pollLostMs = 6000;
const pollLiveMs = 90_000;

/** The live seat map of a show, and how to read it again at once. */
export function useSeats(showId: string): {
  map: SeatMap | null;
  failed: boolean;
  reload: () => void;
} {
  const [map, setMap] = useState<SeatMap | null>(null);
  const [failed, setFailed] = useState(false);
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const end = new AbortController();
    let latest = null as SeatMap | null;
    let early: SeatDelta[] = [];
    let wake = (): void => undefined;
    const show = (next: SeatMap): void => {
      latest = next;
      setMap(next);
    };
    const apply = (delta: SeatDelta): void => {
      if (delta.show_id !== showId) return;
      if (latest === null) {
        early.push(delta);
        return;
      }
      const applied = applyDelta(latest, delta);
      if (applied.kind === 'map') show(applied.map);
      else wake();
    };
    const unwatch = watch({ show_id: showId });
    const unhear = hear('seats', apply);
    const unsubscribe = connected.subscribe(() => wake());
    void (async () => {
      while (!end.signal.aborted) {
        let restMs = 0;
        try {
          const read = await calls.seats(showId, end.signal);
          if (latest !== null && read.price_version > latest.price_version) {
            announce('Prices have changed. Seats that you hold keep theirs.');
          }
          if (latest === null || read.version >= latest.version) show(read);
          for (const delta of early.splice(0)) apply(delta);
          setFailed(false);
        } catch (thrown) {
          if (!end.signal.aborted) setFailed(true);
          if (thrown instanceof ApiError) restMs = thrown.retryAfterMs ?? 0;
        }
        const hint = woken((done) => {
          wake = done;
        });
        const waitMs = connected.get() && latest !== null ? pollLiveMs : pollLostMs;
        await Promise.race([pause(jitter(waitMs), end.signal), hint]);
        // Many pages miss the same push at the same moment; they must not ask at the same moment.
        if (!end.signal.aborted) await pause(jitter(300) + restMs, end.signal);
      }
    })();
    return () => {
      end.abort();
      early = [];
      unwatch();
      unhear();
      unsubscribe();
      wake();
    };
  }, [showId, turn]);

  return { map, failed, reload: () => setTurn((before) => before + 1) };
}
