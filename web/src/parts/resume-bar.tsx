import { count, countdown } from '../lib/format.js';
import { places, purchases, session } from '../lib/keep.js';
import type { Route } from '../lib/routes.js';
import { useStore } from '../lib/store.js';
import type { Place } from '../lib/types.js';
import { useNow } from '../lib/use-clock.js';
import { Icon } from './icon.js';
import { Link } from './link.js';

/** Reminds a fan who looks at other pages of seats that are held or a place that waits. */
export function ResumeBar({ at }: { at: Route }) {
  const fan = useStore(session);
  const bought = Object.values(useStore(purchases));
  const waiting = Object.values(useStore(places));
  const now = useNow();
  if (fan === null || at.page === 'show' || at.page === 'sale') return null;
  for (const { reservation, showId } of bought) {
    if (reservation === undefined) continue;
    const leftMs = Date.parse(reservation.expires_at) - now;
    if (leftMs <= 0) continue;
    return (
      <Bar to={`/shows/${showId}`} action="Finish paying">
        Your {reservation.seats.length === 1 ? 'seat is' : 'seats are'} held for{' '}
        <b class="digits">{countdown(leftMs)}</b>
      </Bar>
    );
  }
  for (const place of waiting) {
    const words = placeWords(place, now);
    if (words !== null) {
      return (
        <Bar
          to={`/sales/${place.sale_id}`}
          action={place.state === 'admitted' ? 'Go in' : 'Back to the line'}
        >
          {words}
        </Bar>
      );
    }
  }
  return null;
}

function placeWords(place: Place, nowMs: number): string | null {
  if (place.state === 'lobby') return 'You are in the lobby';
  if (place.state === 'waiting') {
    return place.place === null
      ? 'You are in the line'
      : `You are in the line, place ${count(place.place)}`;
  }
  const over = place.pass_expires_at === undefined || Date.parse(place.pass_expires_at) <= nowMs;
  // A pass without a line before it, as ordinary shows give it, is nothing to remind of.
  if (place.state !== 'admitted' || over || place.place === null) return null;
  return 'It is your turn';
}

function Bar({
  to,
  action,
  children,
}: {
  to: string;
  action: string;
  children: preact.ComponentChildren;
}) {
  return (
    <aside class="resume" aria-label="Where you left off">
      <Icon name="clock" />
      <p>{children}</p>
      <Link to={to} class="button button-small">
        {action}
      </Link>
    </aside>
  );
}
