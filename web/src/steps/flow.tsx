import { useEffect } from 'preact/hooks';
import * as calls from '../lib/calls.js';
import { clock } from '../lib/clock.js';
import { dropPurchase, purchases, session } from '../lib/keep.js';
import { go } from '../lib/router.js';
import { stepOf } from '../lib/step.js';
import { useStore } from '../lib/store.js';
import type { Place, Room, Sale, Show } from '../lib/types.js';
import { useLost } from '../lib/use-lost.js';
import { usePlace, useRoom } from '../lib/use-room.js';
import { Icon } from '../parts/icon.js';
import { Choose } from './choose.js';
import { Gate } from './gate.js';
import { Pay } from './pay.js';
import { Sending } from './sending.js';
import { ShowChoice } from './show-choice.js';
import { Waiting } from './waiting.js';

/** The way from the door to the ticket, for one sale and, once it is known, one of its shows. */
export function Flow({ sale, show }: { sale: Sale; show: Show | null }) {
  const { room, movement } = useRoom(sale.sale_id);
  const { place, ahead } = usePlace(sale.sale_id, room);
  const lost = useLost();
  const fan = useStore(session);
  const purchase = useStore(purchases)[show?.show_id ?? ''] ?? null;
  const { standing } = sale;
  const step = stepOf({ place, purchase, standing, nowMs: clock.now() });
  useCheckedReservation(purchase?.reservation?.reservation_id, show?.show_id);
  return (
    <div class="flow">
      {!standing && <Progress at={step} />}
      {lost && fan !== null && room !== null && (
        <p class="offline" role="status">
          <Icon name="offline" /> Live updates are interrupted. We keep asking; your place and seats
          are safe.
        </p>
      )}
      {room?.message && (
        <p class="message" role="status">
          <b>From the organiser:</b> {room.message}
        </p>
      )}
      {stepView({ sale, show, room, place, ahead, movement, step })}
    </div>
  );
}

interface View {
  sale: Sale;
  show: Show | null;
  room: Room | null;
  place: Place | null;
  ahead: number | null;
  movement: ReturnType<typeof useRoom>['movement'];
  step: ReturnType<typeof stepOf>;
}

function stepView({ sale, show, room, place, ahead, movement, step }: View) {
  switch (step) {
    case 'gate':
      return <Gate sale={sale} room={room} place={place} />;
    case 'line':
      return place === null || room === null ? null : (
        <Waiting sale={sale} room={room} place={place} ahead={ahead} movement={movement} />
      );
    case 'choose':
      if (show === null) return <ShowChoice sale={sale} place={place} />;
      return <Choose sale={sale} show={show} place={place} room={room} />;
    case 'sending':
      return show === null ? null : <Sending showId={show.show_id} />;
    case 'pay':
      return show === null ? null : <Pay show={show} sale={sale} />;
  }
}

/** After a reload the server says whether the kept reservation still stands. */
function useCheckedReservation(
  reservationId: string | undefined,
  showId: string | undefined,
): void {
  useEffect(() => {
    if (reservationId === undefined || showId === undefined) return;
    calls.reservation(reservationId).then(
      (found) => {
        const purchase = purchases.get()[showId];
        if (purchase === undefined || purchase.confirm !== undefined) return;
        if (/^(expired|released|booked)$/.test(found.state ?? '')) dropPurchase(showId);
        if (found.state === 'booked' && found.booking_id) go(`/bookings/${found.booking_id}`);
      },
      // A lost connection proves nothing; the timer and the next call will tell.
      () => undefined,
    );
  }, [reservationId, showId]);
}

const stages = [
  { name: 'Line', steps: ['gate', 'line'] },
  { name: 'Seats', steps: ['choose', 'sending'] },
  { name: 'Payment', steps: ['pay'] },
  { name: 'Ticket', steps: [] },
] as const;

function Progress({ at }: { at: string }) {
  const now = stages.findIndex((stage) => (stage.steps as readonly string[]).includes(at));
  return (
    <ol class="progress" aria-label="Steps to the ticket">
      {stages.map((stage, index) => (
        <li
          key={stage.name}
          class={index < now ? 'progress-done' : index === now ? 'progress-now' : ''}
          aria-current={index === now ? 'step' : undefined}
        >
          {stage.name}
        </li>
      ))}
    </ol>
  );
}
