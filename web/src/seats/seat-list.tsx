import { money, zoneName } from '../lib/format.js';
import { seatName, seatNumber } from '../lib/seat-model.js';
import type { SeatMap, SeatRow } from '../lib/types.js';

interface Props {
  map: SeatMap;
  chosen: string[];
  onToggle: (seat: string) => void;
}

/** The free seats row by row, for those who would rather read than look at a map. */
export function SeatList({ map, chosen, onToggle }: Props) {
  const rows = map.rows.filter((row) =>
    row.seats.some((seat) => seat.state === 'free' || chosen.includes(seat.seat)),
  );
  if (rows.length === 0) return <p class="empty">No seats are free at the moment.</p>;
  return (
    <div class="seat-list">
      {rows.map((row) => (
        <ListRow key={row.row} row={row} chosen={chosen} onToggle={onToggle} />
      ))}
    </div>
  );
}

function ListRow({
  row,
  chosen,
  onToggle,
}: {
  row: SeatRow;
  chosen: string[];
  onToggle: Props['onToggle'];
}) {
  const free = row.seats.filter((seat) => seat.state === 'free' || chosen.includes(seat.seat));
  const zones = [...new Map(free.map((seat) => [seat.zone, seat.price]))];
  return (
    <fieldset class="seat-list-row">
      <legend>
        Row {row.row}
        <span class="quiet">
          {' '}
          · {zones.map(([zone, price]) => `${zoneName(zone)} ${money(price)}`).join(', ')} ·{' '}
          {free.length} free
        </span>
      </legend>
      <div class="seat-list-seats">
        {free.map((seat) => {
          const mine = chosen.includes(seat.seat);
          return (
            <label key={seat.seat} class="chip chip-seat">
              <input
                type="checkbox"
                checked={mine}
                aria-label={seatName(row.row, seat, mine)}
                onChange={() => onToggle(seat.seat)}
              />
              <span>
                {seatNumber(seat)}
                {seat.kind === 'accessible' && ' wheelchair'}
                {seat.kind === 'companion' && ' companion'}
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
