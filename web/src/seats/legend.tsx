import { count, money, zoneName } from '../lib/format.js';
import { allSeats, zonesOf } from '../lib/seat-model.js';
import type { SeatMap } from '../lib/types.js';
import { Icon } from '../parts/icon.js';

const states = [
  { look: 'held', says: 'Held by someone' },
  { look: 'booked', says: 'Sold' },
  { look: 'closed', says: 'Not on sale' },
] as const;

/** What the shapes and colours of the map mean. */
export function Legend({ map }: { map: SeatMap }) {
  const kinds = new Set(allSeats(map).map((seat) => seat.kind));
  return (
    <ul class="legend" aria-label="What the map shows">
      {zonesOf(map).map((zone) => (
        <li key={zone.zone}>
          <span class={`seat seat-free zone-${zone.order % 5}`} aria-hidden="true" />
          {zoneName(zone.zone)} {money(zone.price)}{' '}
          <span class="quiet">{count(zone.free)} free</span>
        </li>
      ))}
      <li>
        <span class="seat seat-mine" aria-hidden="true">
          <Icon name="check" />
        </span>
        Your choice
      </li>
      {states.map(({ look, says }) => (
        <li key={look}>
          <span class={`seat seat-${look}`} aria-hidden="true" />
          {says}
        </li>
      ))}
      {kinds.has('accessible') && (
        <li>
          <span class="seat seat-free seat-accessible" aria-hidden="true" />
          Wheelchair space
        </li>
      )}
      {kinds.has('companion') && (
        <li>
          <span class="seat seat-free seat-companion" aria-hidden="true" />
          Companion seat
        </li>
      )}
    </ul>
  );
}
