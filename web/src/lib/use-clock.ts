import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from './announce.js';
import { clock } from './clock.js';

/** The server's time in ms, renewed four times a second so that no second of a countdown is skipped. */
export function useNow(): number {
  const [now, setNow] = useState(() => clock.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(clock.now()), 250);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

const warnAtSeconds = [120, 60, 30, 10];

/** Milliseconds until `iso`; says aloud when time runs short, and calls `onOver` once at the end. */
export function useDeadline(iso: string, what: string, onOver?: () => void): number {
  const now = useNow();
  const leftMs = Date.parse(iso) - now;
  const warned = useRef<number>(Number.POSITIVE_INFINITY);
  const over = useRef<string | null>(null);
  useEffect(() => {
    warned.current = Number.POSITIVE_INFINITY;
  }, [iso]);
  useEffect(() => {
    const left = Math.ceil(leftMs / 1000);
    const due = warnAtSeconds.filter((at) => left <= at && left > 0).at(-1);
    if (due !== undefined && due < warned.current) {
      warned.current = due;
      const words =
        left >= 60 ? `${Math.round(left / 60)} minute${left >= 90 ? 's' : ''}` : `${left} seconds`;
      announce(`${words} left ${what}`, due <= 30);
    }
    if (leftMs <= 0 && over.current !== iso) {
      over.current = iso;
      onOver?.();
    }
  });
  return leftMs;
}
