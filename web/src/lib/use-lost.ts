import { useEffect, useState } from 'preact/hooks';
import { connected } from './live.js';
import { useStore } from './store.js';

const patienceMs = 3000;

/** Whether pushes have been missing long enough to be worth a word: a fresh page connects in a moment. */
export function useLost(): boolean {
  const live = useStore(connected);
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (live) return undefined;
    const timer = window.setTimeout(() => setLate(true), patienceMs);
    return () => window.clearTimeout(timer);
  }, [live]);
  return late && !live;
}
