import { createStore } from './store.js';

/** What screen readers are told next; each announcement has its own number, so that repeats are read again. */
export const spokenPolitely = createStore({ text: '', turn: 0 });
export const spokenAtOnce = createStore({ text: '', turn: 0 });

/** Tells screen readers something; `urgent` interrupts what is being read. */
export function announce(text: string, urgent = false): void {
  const store = urgent ? spokenAtOnce : spokenPolitely;
  store.set({ text, turn: store.get().turn + 1 });
}
