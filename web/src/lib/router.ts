import { type Route, routeOf } from './routes.js';
import { createStore } from './store.js';

function here(): Route {
  return routeOf(window.location.pathname, window.location.search);
}

export const route = createStore<Route>(here());

window.addEventListener('popstate', () => route.set(here()));

/** Goes to another page of this site. */
export function go(path: string, options: { replace?: boolean } = {}): void {
  if (options.replace === true) window.history.replaceState(null, '', path);
  else window.history.pushState(null, '', path);
  route.set(here());
  window.scrollTo(0, 0);
}
