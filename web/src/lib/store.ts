import { useEffect, useState } from 'preact/hooks';

/** A value that tells its readers when it changes. */
export interface Store<T> {
  get(): T;
  set(next: T): void;
  subscribe(listener: () => void): () => void;
}

/** A store held in memory. */
export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A store that also lives in localStorage, so that it survives reloads and is shared by tabs. */
export function createKeptStore<T>(key: string, empty: T): Store<T> {
  const store = createStore<T>(read(key, empty));
  window.addEventListener('storage', (event) => {
    if (event.key === key || event.key === null) store.set(read(key, empty));
  });
  return {
    get: store.get,
    subscribe: store.subscribe,
    set: (next) => {
      write(key, next);
      store.set(next);
    },
  };
}

function read<T>(key: string, empty: T): T {
  try {
    const text = window.localStorage.getItem(key);
    return text === null ? empty : (JSON.parse(text) as T);
  } catch {
    return empty;
  }
}

function write(key: string, value: unknown): void {
  try {
    if (value === null) window.localStorage.removeItem(key);
    else window.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Private windows may refuse storage: the page then works until it is reloaded.
  }
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    setValue(() => store.get());
    return store.subscribe(() => setValue(() => store.get()));
  }, [store]);
  return value;
}
