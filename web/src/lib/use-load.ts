import { useEffect, useState } from 'preact/hooks';
import { problemOf } from './api.js';
import type { Problem } from './types.js';

export type Loaded<T> =
  | { kind: 'loading' }
  | { kind: 'ready'; value: T }
  | { kind: 'failed'; problem: Problem; again: () => void };

/** Reads something from the API whenever `key` changes; a null key reads nothing. */
export function useLoad<T>(
  key: string | null,
  read: (signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const [state, setState] = useState<{ key: string | null; loaded: Loaded<T> }>({
    key: null,
    loaded: { kind: 'loading' },
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (key === null) return undefined;
    const end = new AbortController();
    setState({ key, loaded: { kind: 'loading' } });
    read(end.signal).then(
      (value) => {
        if (!end.signal.aborted) setState({ key, loaded: { kind: 'ready', value } });
      },
      (thrown: unknown) => {
        if (end.signal.aborted) return;
        const again = (): void => setTurn((before) => before + 1);
        setState({ key, loaded: { kind: 'failed', problem: problemOf(thrown), again } });
      },
    );
    return () => end.abort();
  }, [key, turn]);
  return state.key === key ? state.loaded : { kind: 'loading' };
}
