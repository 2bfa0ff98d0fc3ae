import { hallName, seatWords, showDay, showTime } from '../lib/format.js';
import type { Show, Ticket } from '../lib/types.js';
import { Qr } from './qr.js';

interface Props {
  ticket: Ticket;
  show: Show | null;
  number: string;
  cancelled: boolean;
}

/** One ticket, as a stub with its code. */
export function TicketCard({ ticket, show, number, cancelled }: Props) {
  const at = ticket.seat.lastIndexOf('-');
  const state = ticket.state?.toLowerCase();
  const gone = cancelled || state === 'void' || state === 'used';
  return (
    <li class={`ticket${gone ? ' ticket-gone' : ''}`}>
      <div class="ticket-body">
        <p class="ticket-number">Ticket {number}</p>
        {show !== null && (
          <>
            <p class="ticket-title">{show.movie.title}</p>
            <p class="ticket-where">
              {show.cinema.name}, {show.cinema.city}
            </p>
          </>
        )}
        <dl class="ticket-facts">
          {show !== null && (
            <>
              <Fact name="Day" value={showDay(show)} />
              <Fact name="Time" value={showTime(show)} />
              <Fact name="Hall" value={hallName(show)} />
            </>
          )}
          <Fact name="Row" value={at < 0 ? '' : ticket.seat.slice(0, at)} />
          <Fact name="Seat" value={ticket.seat.slice(at + 1)} />
        </dl>
        {gone && <p class="ticket-stamp">{state === 'used' ? 'Used' : 'Not valid'}</p>}
      </div>
      <div class="ticket-code">
        {ticket.qr_code !== null && (
          <Qr text={ticket.qr_code} label={`QR code of the ticket for ${seatWords(ticket.seat)}`} />
        )}
      </div>
    </li>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  if (value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
