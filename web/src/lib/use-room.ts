import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api.js';
import * as calls from './calls.js';
import { dropPlace, keepPlace, places, session } from './keep.js';
import { aheadOf, type Movement } from './line.js';
import { connected, hear, watch } from './live.js';
import { jitter, pause, pollMs } from './pace.js';
import { useStore } from './store.js';
import type { Place, Room } from './types.js';

/** Pushes come once a second; after this long without one, the page asks by itself. */
const silenceMs = 5000;

/** The shared numbers of a sale's room, pushed while the socket lives and polled while it doesn't. */
export function useRoom(saleId: string): { room: Room | null; movement: Movement } {
  const [room, setRoom] = useState<Room | null>(null);
  const movement = useRef<Movement>({ nowServing: -1, movedMs: Date.now() });
  const ahead = places.get()[saleId]?.ahead ?? null;
  const distance = useRef(ahead);
  distance.current = ahead;

  useEffect(() => {
    const end = new AbortController();
    let heardMs = 0;
    let latest = null as Room | null;
    const take = (news: Room): void => {
      if (news.sale_id !== saleId) return;
      heardMs = Date.now();
      latest = latest === null ? news : { ...latest, ...news };
      if (latest.now_serving !== movement.current.nowServing || latest.state !== 'open') {
        movement.current = { nowServing: latest.now_serving, movedMs: Date.now() };
      }
      setRoom(latest);
    };
    const unwatch = watch({ sale_id: saleId });
    const unhear = hear('room', take);
    void (async () => {
      while (!end.signal.aborted) {
        let waitMs = pollMs({
          ahead: distance.current,
          ratePerMinute: latest?.rate_per_minute ?? 60,
          hidden: document.hidden,
        });
        if (!connected.get() || Date.now() - heardMs > silenceMs) {
          try {
            take(await calls.room(saleId, end.signal));
          } catch (thrown) {
            waitMs = retryAfter(thrown, waitMs);
          }
        } else {
          waitMs = silenceMs;
        }
        await pause(jitter(waitMs), end.signal);
      }
    })();
    return () => {
      end.abort();
      unwatch();
      unhear();
    };
  }, [saleId]);

  return { room, movement: movement.current };
}

function retryAfter(thrown: unknown, otherwiseMs: number): number {
  if (thrown instanceof ApiError && thrown.retryAfterMs !== null) {
    return Math.max(thrown.retryAfterMs, otherwiseMs);
  }
  return otherwiseMs;
}

/** The fan's own place in a sale, from what is kept here, from pushes and from the server. */
export function usePlace(
  saleId: string,
  room: Room | null,
): { place: Place | null; ahead: number | null } {
  const fan = useStore(session);
  const place = useStore(places)[saleId] ?? null;
  const lowest = useRef<number | null>(null);
  const ahead = aheadOf(place, room, lowest.current);
  lowest.current = place === null || place.place === null ? null : ahead;
  const now = useRef({ place, ahead, room });
  now.current = { place, ahead, room };

  useEffect(() => {
    if (fan === null) return undefined;
    const end = new AbortController();
    const unhear = hear('admitted', (news) => {
      if (news.sale_id !== saleId) return;
      const known = places.get()[saleId];
      const base = { sale_id: saleId, place: known?.place ?? null, ahead: 0, eta_seconds: null };
      const { pass, pass_expires_at } = news;
      keepPlace({ ...base, state: 'admitted', pass, pass_expires_at });
    });
    // Going to sleep is told, since what is told then lasts longer; waking up asks at once.
    const turned = (): void => {
      if (places.get()[saleId] !== undefined)
        calls.place(saleId, end.signal).catch(() => undefined);
    };
    document.addEventListener('visibilitychange', turned);
    void (async () => {
      while (!end.signal.aborted) {
        let waitMs = placePollMs(now.current);
        try {
          await calls.place(saleId, end.signal);
          waitMs = placePollMs(now.current);
        } catch (thrown) {
          waitMs = retryAfter(thrown, waitMs);
          if (thrown instanceof ApiError && thrown.problem.status === 404) dropPlace(saleId);
        }
        await waitFor(waitMs, () => isDue(now.current), end.signal);
      }
    })();
    return () => {
      end.abort();
      unhear();
      document.removeEventListener('visibilitychange', turned);
    };
  }, [saleId, fan]);

  return { place, ahead };
}

interface Standing {
  place: Place | null;
  ahead: number | null;
  room: Room | null;
}

/** Well below the minute for which a sign of life counts. */
const signOfLifeMs = 20_000;

/** How long until the next look at the own place (ms); the room's pushes tell the rest. */
function placePollMs({ place, ahead, room }: Standing): number {
  if (place === null || place.state === 'done') return 120_000;
  if (place.state === 'admitted') return 30_000;
  const rate = room?.rate_per_minute ?? 60;
  const roomMs = pollMs({ ahead, ratePerMinute: rate, hidden: document.hidden });
  const waitMs = jitter(connected.get() ? Math.max(5000, roomMs * 2) : roomMs);
  // Near the head each look is the sign of life without which the turn passes on.
  const near = ahead !== null && ahead <= 100 + 3 * (room?.rate_set_per_minute ?? rate);
  return near ? Math.min(waitMs, signOfLifeMs) : waitMs;
}

/** Whether the shared numbers say that something must have happened to the own place. */
function isDue({ place, ahead, room }: Standing): boolean {
  if (place === null || room === null) return false;
  if (place.state === 'lobby') return room.state !== 'lobby' && room.state !== 'scheduled';
  return place.state === 'waiting' && ahead === 0 && room.state === 'open';
}

/** Waits, but only about two seconds once `due` says so. */
async function waitFor(ms: number, due: () => boolean, signal: AbortSignal): Promise<void> {
  const untilMs = Date.now() + ms;
  while (Date.now() < untilMs && !signal.aborted) {
    await pause(jitter(Math.min(1500, ms)), signal);
    if (due()) return;
  }
}
