import { hallName, showFull } from '../lib/format.js';
import type { Show } from '../lib/types.js';

/** When and where a show is, in one line. */
export function ShowLine({ show }: { show: Show }) {
  return (
    <p class="facts">
      <time dateTime={show.starts_at}>{showFull(show)}</time> · {show.cinema.name},{' '}
      {show.cinema.city} · {hallName(show)}
    </p>
  );
}
