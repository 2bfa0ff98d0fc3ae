import { listed, money, seatWords, zoneName } from '../lib/format.js';
import { allSeats } from '../lib/seat-model.js';
import { leavesSingle } from '../lib/single-seats.js';
import type { SeatMap } from '../lib/types.js';
import { Icon } from '../parts/icon.js';

interface Props {
  map: SeatMap;
  chosen: string[];
  cap: number;
  /** For each seat, in minor units. */
  fee: number;
  onToggle: (seat: string) => void;
  onHold: () => void;
}

/** The seats marked so far, what they cost, and the button that asks for them. */
export function Chosen({ map, chosen, cap, fee, onToggle, onHold }: Props) {
  const seats = allSeats(map).filter((seat) => chosen.includes(seat.seat));
  const first = seats[0];
  const single = leavesSingle(map, chosen);
  const total = seats.reduce((sum, seat) => sum + seat.price.amount + fee, 0);
  return (
    <section class="panel chosen" aria-labelledby="chosen">
      <h3 id="chosen">Your seats</h3>
      {first === undefined ? (
        <p class="quiet">Choose up to {cap} on the map.</p>
      ) : (
        <ul class="chosen-seats">
          {seats.map((seat) => (
            <li key={seat.seat}>
              <b>{seat.seat}</b>
              <span class="quiet">{zoneName(seat.zone)}</span>
              <span class="digits">{money(seat.price)}</span>
              <button
                type="button"
                class="button-round button-tiny"
                onClick={() => onToggle(seat.seat)}
              >
                <Icon name="cross" />
                <span class="unseen">Give up {seatWords(seat.seat)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {first !== undefined && fee > 0 && (
        <p class="quiet">
          The sum has a booking fee of {money({ amount: fee, currency: first.price.currency })} for
          each seat.
        </p>
      )}
      {single.length > 0 && (
        <p class="chosen-single" role="status">
          This leaves {listed(single)} alone. Take {single.length === 1 ? 'it' : 'them'} too, or
          move by one seat.
        </p>
      )}
      <div class={`hold-bar${first === undefined ? '' : ' hold-bar-ready'}`}>
        <p class="chosen-total">
          <span>{seats.length === 1 ? '1 seat' : `${seats.length} seats`}</span>
          <b class="digits">
            {first === undefined ? '–' : money({ amount: total, currency: first.price.currency })}
          </b>
        </p>
        <button
          type="button"
          class="button button-wide"
          disabled={first === undefined || single.length > 0}
          onClick={onHold}
        >
          {seats.length === 1
            ? 'Hold this seat'
            : `Hold ${seats.length === 0 ? 'seats' : `${seats.length} seats`}`}
        </button>
      </div>
    </section>
  );
}
