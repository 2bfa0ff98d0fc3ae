import { createStore, type Store } from './store.js';

const selections = new Map<string, Store<string[]>>();

/** The seats that a fan has marked in a show; it outlives the page that shows them, as for a log-in in between. */
export function selectionOf(showId: string): Store<string[]> {
  const known = selections.get(showId);
  if (known !== undefined) return known;
  const made = createStore<string[]>([]);
  selections.set(showId, made);
  return made;
}
