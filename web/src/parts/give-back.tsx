import { useState } from 'preact/hooks';
import { announce } from '../lib/announce.js';
import { problemOf } from '../lib/api.js';
import * as calls from '../lib/calls.js';
import { instant, listed, money, seatWords } from '../lib/format.js';
import type { Booking, Problem } from '../lib/types.js';
import { Notice, Refusal } from './notice.js';

interface Props {
  booking: Booking;
  /** Called when tickets were given back, to read the booking again. */
  onDone: () => void;
}

/** Tickets that the fan can't use, back for others: by the rules of the sale, some or all of them. */
export function GiveBack({ booking, onDone }: Props) {
  const [open, setOpen] = useState(false);
  if (booking.cancel == null) return null;
  const { fee_percent: fee, until } = booking.cancel;
  // On the clock of the showtime that stands above it.
  const untilWords = instant(until, booking.show?.cinema.time_zone);
  const terms =
    fee === 0 ? 'All of the price goes back' : `All but ${fee} % of the price goes back`;
  return (
    <section class="panel form" aria-label="Give tickets back">
      <p>
        Can’t come? Tickets are taken back until {untilWords}. {terms} to where it came from.
      </p>
      {open ? (
        <Choice booking={booking} onDone={onDone} onKeep={() => setOpen(false)} />
      ) : (
        <button type="button" class="button button-quiet" onClick={() => setOpen(true)}>
          Give tickets back
        </button>
      )}
    </section>
  );
}

function Choice({ booking, onDone, onKeep }: Props & { onKeep: () => void }) {
  const live = (booking.tickets ?? []).filter((ticket) => ticket.state === 'valid');
  const [seats, setSeats] = useState(live.map((ticket) => ticket.seat));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const toggle = (seat: string): void =>
    setSeats(seats.includes(seat) ? seats.filter((one) => one !== seat) : [...seats, seat]);
  const give = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const back = await calls.giveBack(booking.booking_id, seats);
      announce(`You gave ${listed(back.seats)} back. ${money(back)} is on its way to you.`);
      onDone();
    } catch (thrown) {
      setProblem(problemOf(thrown));
      setBusy(false);
    }
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void give();
      }}
    >
      {problem !== null && <Refusal problem={problem} />}
      <fieldset>
        <legend>Which tickets?</legend>
        {live.map(({ seat }) => (
          <label key={seat} class="tick">
            <input type="checkbox" checked={seats.includes(seat)} onChange={() => toggle(seat)} />
            <span>{seatWords(seat)}</span>
          </label>
        ))}
      </fieldset>
      <Notice tone="warn" title="This can’t be taken back">
        <p>Their codes stop working at once, and the seats go to others.</p>
      </Notice>
      <div class="actions">
        <button type="submit" class="button" disabled={busy || seats.length === 0}>
          {seats.length === 1 ? 'Give one ticket back' : `Give ${seats.length} tickets back`}
        </button>
        <button type="button" class="button button-quiet" onClick={onKeep}>
          Keep them
        </button>
      </div>
    </form>
  );
}
