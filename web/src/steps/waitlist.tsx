import { useEffect, useRef, useState } from 'preact/hooks';
import { problemOf } from '../lib/api.js';
import * as calls from '../lib/calls.js';
import { count, countdown, listed, money } from '../lib/format.js';
import { dropPurchase, keepPurchase, purchases, session } from '../lib/keep.js';
import { useStore } from '../lib/store.js';
import type { Problem, Sale, Show, WaitlistEntry, WaitlistOffer } from '../lib/types.js';
import { useDeadline } from '../lib/use-clock.js';
import { useWaitlist } from '../lib/use-waitlist.js';
import { Notice, Refusal } from '../parts/notice.js';

/** The line of a full show: joining it, the place in it, and the offer with its own clock. */
export function Waitlist({ sale, show }: { sale: Sale; show: Show }) {
  const fan = useStore(session);
  const purchase = useStore(purchases)[show.show_id];
  const full = purchase?.refusal?.error === 'show_full';
  const hasLine = sale.waitlist != null && fan !== null;
  const { entry, reload } = useWaitlist(hasLine ? show.show_id : null, full);
  const [problem, setProblem] = useState<Problem | null>(null);
  const wasInLine = useRef(false);
  useEffect(() => {
    // Who has let too many offers go is out of the line, and what put them there is long past.
    if (entry === null && wasInLine.current && full) dropPurchase(show.show_id);
    wasInLine.current = entry != null;
  }, [entry, full, show.show_id]);
  const run = (work: Promise<unknown>): void => {
    setProblem(null);
    work.then(reload, (thrown: unknown) => {
      setProblem(problemOf(thrown));
      reload();
    });
  };
  if (!hasLine || purchase?.reservation !== undefined) return null;
  const leave = (): void => {
    if (full) dropPurchase(show.show_id);
    run(calls.leaveWaitlist(show.show_id));
  };
  return (
    <div class="waitlist">
      {problem !== null && <Refusal problem={problem} />}
      {entry?.offers.map((open) => (
        <Offer
          key={open.reservation_id}
          offer={open}
          onOver={reload}
          onDecline={(offer) => run(calls.release(offer.reservation_id))}
          onTake={(offer) => run(take(sale, show, offer))}
        />
      ))}
      {entry?.state === 'waiting' && <InLine entry={entry} onLeave={leave} />}
      {entry === null && (full || show.available_seats === 0) && (
        <Join sale={sale} onJoin={(want) => run(calls.joinWaitlist(show.show_id, want))} />
      )}
    </div>
  );
}

/** An offer is a reservation, so paying for it is paying for any other. */
async function take(sale: Sale, show: Show, offer: WaitlistOffer): Promise<void> {
  const reservation = await calls.reservation(offer.reservation_id);
  keepPurchase({ saleId: sale.sale_id, showId: show.show_id, reservation });
}

interface OfferProps {
  offer: WaitlistOffer;
  onOver: () => void;
  onTake: (offer: WaitlistOffer) => void;
  onDecline: (offer: WaitlistOffer) => void;
}

function Offer({ offer, onOver, onTake, onDecline }: OfferProps) {
  const leftMs = useDeadline(offer.expires_at, 'to take the offer', onOver);
  const seats = offer.seats.map((each) => each.seat);
  return (
    <Notice tone="good" title={`Seats have come back for you: ${listed(seats)}`} alert>
      <p>
        They are held for <b class="digits">{countdown(leftMs)}</b> and cost{' '}
        {money({ amount: offer.amount, currency: offer.currency })}. After that they go to the next
        in line, and you to its end.
      </p>
      <div class="actions">
        <button type="button" class="button" onClick={() => onTake(offer)}>
          Take them and pay
        </button>
        <button type="button" class="button button-quiet" onClick={() => onDecline(offer)}>
          Decline
        </button>
      </div>
    </Notice>
  );
}

function InLine({ entry, onLeave }: { entry: WaitlistEntry; onLeave: () => void }) {
  const seats = entry.quantity === 1 ? 'a seat' : `${entry.quantity} seats`;
  return (
    <Notice tone="info" title={`You wait for ${seats}, number ${count(entry.queue_position ?? 0)}`}>
      <p>
        {entry.etr_seconds === null
          ? 'How long it takes depends on seats that others give back; none did lately.'
          : `About ${minutes(entry.etr_seconds)} at the present pace.`}{' '}
        You can close this page: an offer also comes by mail.
      </p>
      <button type="button" class="button-text" onClick={onLeave}>
        Leave the waitlist
      </button>
    </Notice>
  );
}

function minutes(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds / 60));
  if (whole >= 120) return `${Math.round(whole / 60)} hours`;
  return whole === 1 ? 'one minute' : `${whole} minutes`;
}

type Want = { quantity: number; accept_fewer: boolean };

function Join({ sale, onJoin }: { sale: Sale; onJoin: (want: Want) => void }) {
  const [quantity, setQuantity] = useState(2);
  const [fewer, setFewer] = useState(false);
  const sizes = Array.from({ length: sale.seat_cap }, (_, index) => index + 1);
  return (
    <Notice tone="warn" title="This show is full">
      <p>Join its waitlist: seats that come back are offered in order.</p>
      <form
        class="actions"
        onSubmit={(event) => {
          event.preventDefault();
          onJoin({ quantity: Math.min(quantity, sale.seat_cap), accept_fewer: fewer });
        }}
      >
        <label>
          Seats{' '}
          <select
            value={Math.min(quantity, sale.seat_cap)}
            onChange={(event) => setQuantity(Number(event.currentTarget.value))}
          >
            {sizes.map((size) => (
              <option key={size} value={size}>
                {size}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={fewer}
            onChange={(event) => setFewer(event.currentTarget.checked)}
          />{' '}
          Fewer are fine too
        </label>
        <button type="submit" class="button">
          Join the waitlist
        </button>
      </form>
    </Notice>
  );
}
