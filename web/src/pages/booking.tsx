import { useState } from 'preact/hooks';
import { callBlob, problemOf } from '../lib/api.js';
import * as calls from '../lib/calls.js';
import { money } from '../lib/format.js';
import { session } from '../lib/keep.js';
import { useStore } from '../lib/store.js';
import type { Booking, Problem, Refund } from '../lib/types.js';
import { useLoad } from '../lib/use-load.js';
import { GiveBack } from '../parts/give-back.js';
import { PageTitle } from '../parts/heading.js';
import { Icon, type IconName } from '../parts/icon.js';
import { Link } from '../parts/link.js';
import { Ready } from '../parts/loading.js';
import { LoginForm } from '../parts/login-form.js';
import { Notice, Refusal } from '../parts/notice.js';
import { TicketCard } from '../parts/ticket-card.js';
import { withShow } from './bookings.js';

export function BookingPage({ id }: { id: string }) {
  const fan = useStore(session);
  const [turn, setTurn] = useState(0);
  const key = fan === null ? null : `booking ${id} ${fan.fan_id} ${turn}`;
  const booking = useLoad(key, async (signal) => withShow(await calls.booking(id, signal), signal));
  return (
    <section class="narrow">
      <p class="eyebrow">
        <Link to="/bookings">My tickets</Link>
      </p>
      <PageTitle title="Your tickets">
        {booking.kind === 'ready'
          ? (booking.value.show?.movie.title ?? 'Your tickets')
          : 'Your tickets'}
      </PageTitle>
      {fan === null ? (
        <LoginForm />
      ) : (
        <Ready of={booking} what="your tickets">
          {(found) => <Tickets booking={found} onChange={() => setTurn(turn + 1)} />}
        </Ready>
      )}
    </section>
  );
}

function Tickets({ booking, onChange }: { booking: Booking; onChange: () => void }) {
  const tickets = booking.tickets ?? [];
  const cancelled = booking.state?.toLowerCase() === 'cancelled';
  return (
    <>
      {cancelled ? (
        <Notice tone="warn" title="This booking was cancelled">
          <p>Its tickets no longer open the door.</p>
        </Notice>
      ) : (
        <Notice tone="good" title="Enjoy the film">
          <p>
            Show one code per person at the door. The tickets are also in your mail, and stay here.
          </p>
        </Notice>
      )}
      <ul class="tickets">
        {tickets.map((ticket, at) => (
          <TicketCard
            key={ticket.ticket_id}
            ticket={ticket}
            show={booking.show ?? null}
            number={`${at + 1} of ${tickets.length}`}
            cancelled={cancelled}
          />
        ))}
      </ul>
      <dl class="panel totals">
        <dt>Paid</dt>
        <dd class="digits">{money(booking)}</dd>
        {booking.discount !== undefined && (
          <>
            <dt>Discount {booking.discount_code}</dt>
            <dd class="digits">
              {money({ amount: booking.discount, currency: booking.currency })}
            </dd>
          </>
        )}
        {booking.refunds?.map((refund) => (
          <RefundLine key={refund.refund_id} refund={refund} />
        ))}
        <dt>Booking</dt>
        <dd class="code">{booking.booking_id}</dd>
      </dl>
      <Files booking={booking} />
      <GiveBack booking={booking} onDone={onChange} />
    </>
  );
}

/** What goes back to the fan, and how far it has come. */
function RefundLine({ refund }: { refund: Refund }) {
  const where = refund.at_desk
    ? { pending: 'waits at the box office', made: 'given at the box office' }
    : { pending: 'on its way back', made: 'paid back' };
  return (
    <>
      <dt>Refund, {where[refund.state]}</dt>
      <dd class="digits">{money(refund)}</dd>
    </>
  );
}

function Files({ booking }: { booking: Booking }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const base = `/bookings/${booking.booking_id}`;
  const isLive = booking.state?.toLowerCase() !== 'cancelled';
  const save = async (path: string, name: string): Promise<void> => {
    setProblem(null);
    try {
      saveAs(await callBlob(path), name);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
  };
  const offer = (icon: IconName, words: string, file: string, name: string) => (
    <button
      type="button"
      class="button button-quiet"
      onClick={() => void save(`${base}/${file}`, name)}
    >
      <Icon name={icon} />
      {words}
    </button>
  );
  return (
    <>
      <div class="actions">
        {isLive && offer('download', 'Tickets as PDF', 'tickets.pdf', 'usher-tickets.pdf')}
        {offer('download', 'Receipt as PDF', 'receipt.pdf', 'usher-receipt.pdf')}
        {isLive && offer('calendar', 'Add to the calendar', 'event.ics', 'usher-show.ics')}
      </div>
      {problem !== null && <Refusal problem={problem} />}
    </>
  );
}

/** Hands a file to the browser to save; the token can't travel in a plain link. */
function saveAs(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
