import { useState } from 'preact/hooks';
import { money, zoneName } from '../lib/format.js';
import { allSeats, zonesOf } from '../lib/seat-model.js';
import type { ReserveBody, SeatMap } from '../lib/types.js';
import { Icon } from '../parts/icon.js';

interface Props {
  map: SeatMap;
  cap: number;
  onPick: (wish: Omit<ReserveBody, 'show_id'>) => void;
}

/** Usher picks: so many seats together, in one zone or anywhere. */
export function Picker({ map, cap, onPick }: Props) {
  const [quantity, setQuantity] = useState(2);
  const [zone, setZone] = useState('');
  const [accessible, setAccessible] = useState(false);
  const zones = zonesOf(map);
  const hasAccessible = allSeats(map).some((seat) => seat.kind === 'accessible');
  const pick = (): void => {
    const wish: Omit<ReserveBody, 'show_id'> = { quantity };
    if (zone !== '') wish.zone = zone;
    if (accessible) wish.accessible = true;
    onPick(wish);
  };
  return (
    <section class="panel picker" aria-labelledby="picker">
      <h3 id="picker">Let Usher pick</h3>
      <p class="quiet">
        The best free seats, side by side where possible. The fastest way in a rush.
      </p>
      <div class="picker-row">
        <span id="how-many">How many</span>
        <div class="stepper">
          <button
            type="button"
            class="button-round"
            disabled={quantity <= 1}
            onClick={() => setQuantity(quantity - 1)}
          >
            <Icon name="minus" />
            <span class="unseen">One fewer</span>
          </button>
          <output class="digits" aria-labelledby="how-many">
            {quantity}
          </output>
          <button
            type="button"
            class="button-round"
            disabled={quantity >= cap}
            onClick={() => setQuantity(quantity + 1)}
          >
            <Icon name="plus" />
            <span class="unseen">One more</span>
          </button>
        </div>
      </div>
      <label class="field">
        <span class="field-label">Zone</span>
        <select value={zone} onChange={(event) => setZone(event.currentTarget.value)}>
          <option value="">Any zone</option>
          {zones.map((each) => (
            <option key={each.zone} value={each.zone} disabled={each.free === 0}>
              {zoneName(each.zone)}, {money(each.price)} each{each.free === 0 ? ', none free' : ''}
            </option>
          ))}
        </select>
      </label>
      {hasAccessible && (
        <label class="tick">
          <input
            type="checkbox"
            checked={accessible}
            onChange={(event) => setAccessible(event.currentTarget.checked)}
          />
          <span>With a wheelchair space</span>
        </label>
      )}
      <button type="button" class="button button-quiet button-wide" onClick={pick}>
        Find {quantity === 1 ? 'a seat' : `${quantity} seats together`}
      </button>
    </section>
  );
}
