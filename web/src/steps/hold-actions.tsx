import { useState } from 'preact/hooks';
import { announce } from '../lib/announce.js';
import { problemOf } from '../lib/api.js';
import * as calls from '../lib/calls.js';
import { dropPurchase, keepPurchase, type Purchase } from '../lib/keep.js';
import type { Problem, Reservation, Sale } from '../lib/types.js';
import { Refusal } from '../parts/notice.js';

interface Props {
  purchase: Purchase;
  reservation: Reservation;
  sale: Sale;
}

/** More time, or the seats back to the others. */
export function HoldActions({ purchase, reservation, sale }: Props) {
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { limit_at, expires_at } = reservation;
  const room = limit_at === undefined || Date.parse(limit_at) > Date.parse(expires_at) + 1000;
  const [refused, setRefused] = useState(false);
  const extendable = room && !refused;

  const extend = async (): Promise<void> => {
    setProblem(null);
    try {
      const longer = await calls.extend(reservation.reservation_id);
      keepPurchase({ ...purchase, reservation: { ...reservation, ...longer } });
      announce('You have more time now.');
    } catch (thrown) {
      const why = problemOf(thrown);
      // A server without extensions answers 404; then there is nothing to offer.
      if (why.status === 404 || why.status === 405 || why.error === 'limit_reached')
        setRefused(true);
      if (why.status !== 404 && why.status !== 405) setProblem(why);
    }
  };
  const release = async (): Promise<void> => {
    try {
      await calls.release(reservation.reservation_id);
      dropPurchase(purchase.showId);
      await calls.place(purchase.saleId).catch(() => undefined);
    } catch (thrown) {
      const why = problemOf(thrown);
      if (why.status === 404 || why.status === 410) dropPurchase(purchase.showId);
      else setProblem(why);
    }
  };
  return (
    <div class="hold-actions">
      {problem !== null && <Refusal problem={problem} />}
      {asked ? (
        <div class="confirm">
          <p>
            The seats go to whoever is next
            {sale.standing
              ? '.'
              : ', and your turn ends with them: for other seats you would join the line again.'}
          </p>
          <div class="actions">
            <button type="button" class="button button-quiet" onClick={() => setAsked(false)}>
              Keep them
            </button>
            <button type="button" class="button button-danger" onClick={() => void release()}>
              Release the seats
            </button>
          </div>
        </div>
      ) : (
        <div class="actions">
          {extendable && (
            <button type="button" class="button button-quiet" onClick={() => void extend()}>
              I need more time
            </button>
          )}
          <button type="button" class="button-text" onClick={() => setAsked(true)}>
            Release the seats
          </button>
        </div>
      )}
    </div>
  );
}
