export type Route =
  | { page: 'home' }
  | { page: 'movie'; id: string }
  | { page: 'show'; id: string }
  | { page: 'sale'; id: string }
  | { page: 'bookings' }
  | { page: 'booking'; id: string }
  | { page: 'login'; next: string }
  | { page: 'nowhere' };

/** The page that an address names. */
export function routeOf(path: string, query = ''): Route {
  const [first, id, ...more] = path.split('/').filter((part) => part !== '');
  if (first === undefined) return { page: 'home' };
  if (more.length > 0) return { page: 'nowhere' };
  if (id === undefined) {
    if (first === 'bookings') return { page: 'bookings' };
    if (first === 'login') return { page: 'login', next: safeNext(query) };
    return { page: 'nowhere' };
  }
  const known = { movies: 'movie', shows: 'show', sales: 'sale', bookings: 'booking' } as const;
  const page = known[first as keyof typeof known];
  return page === undefined
    ? { page: 'nowhere' }
    : { page, id: encodeURIComponent(decodeSafely(id)) };
}

function decodeSafely(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Only paths of this site: another site's link must not lead out through the log-in. */
function safeNext(query: string): string {
  const next = new URLSearchParams(query).get('next') ?? '/';
  return /^\/(?![/\\])/.test(next) ? next : '/';
}
