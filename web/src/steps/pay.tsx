import { useEffect, useState } from 'preact/hooks';
import * as calls from '../lib/calls.js';
import { asMoney, countdown, money } from '../lib/format.js';
import { keepPurchase, type Purchase, purchases } from '../lib/keep.js';
import {
  askBank,
  challengeUrl,
  chooseOtherCard,
  type PaymentPage,
  pay,
  paymentPage,
  resumePay,
  testCards,
} from '../lib/payment.js';
import { useStore } from '../lib/store.js';
import type { Reservation, Sale, Show } from '../lib/types.js';
import { useDeadline } from '../lib/use-clock.js';
import { wordsOf } from '../lib/words.js';
import { StepTitle } from '../parts/heading.js';
import { Icon } from '../parts/icon.js';
import { Notice, Refusal } from '../parts/notice.js';
import { HoldActions } from './hold-actions.js';
import { StripeCard } from './stripe-card.js';

/** Seats in hand: how long they are held, what they cost, and the payment. */
export function Pay({ show, sale }: { show: Show; sale: Sale }) {
  const purchase = useStore(purchases)[show.show_id];
  const paying = purchase?.confirm !== undefined;
  useEffect(() => {
    if (paying) void resumePay(show.show_id);
  }, [paying, show.show_id]);
  if (purchase?.reservation === undefined) return null;
  const { reservation } = purchase;
  return (
    <section class="step pay">
      <div class="choose-head">
        <StepTitle>{paying ? 'Paying' : 'These seats are yours for now'}</StepTitle>
        {purchase.action?.deadline !== undefined ? (
          <BankTimer until={purchase.action.deadline} />
        ) : (
          !paying && <HoldTimer reservation={reservation} purchase={purchase} />
        )}
      </div>
      {purchase.refusal !== undefined && <Refusal problem={purchase.refusal} />}
      <div class="pay-columns">
        <Summary reservation={reservation} />
        <div class="pay-side">
          {paying ? <Settling purchase={purchase} /> : <Card purchase={purchase} />}
          {!paying && <HoldActions purchase={purchase} reservation={reservation} sale={sale} />}
        </div>
      </div>
    </section>
  );
}

/** The hold's own time; when it is over the server is asked before the seats are given up here. */
function HoldTimer({ reservation, purchase }: { reservation: Reservation; purchase: Purchase }) {
  const over = (): void => {
    const { saleId, showId } = purchase;
    const gone = { saleId, showId, refusal: { status: 410, error: 'reservation_expired' } };
    calls.reservation(reservation.reservation_id).then(
      (found) => {
        const longer = Date.parse(found.expires_at) > Date.parse(reservation.expires_at);
        keepPurchase(longer ? { ...purchase, reservation: found } : gone);
      },
      () => keepPurchase(gone),
    );
  };
  return <Timer until={reservation.expires_at} words="Held for" onOver={over} />;
}

/** While the bank asks, the attempt's deadline counts and not the hold's. */
function BankTimer({ until }: { until: string }) {
  return <Timer until={until} words="Confirm within" onOver={() => undefined} />;
}

interface TimerProps {
  until: string;
  words: string;
  onOver: () => void;
}

function Timer({ until, words, onOver }: TimerProps) {
  const leftMs = useDeadline(until, 'to pay', onOver);
  return (
    <p class={`timer${leftMs < 60_000 ? ' timer-short' : ''}`} role="timer">
      <Icon name="clock" />
      <span>
        {words} <b class="digits">{countdown(leftMs)}</b>
      </span>
    </p>
  );
}

function Summary({ reservation }: { reservation: Reservation }) {
  return (
    <div class="panel summary">
      <h3>Your seats</h3>
      <ul class="chosen-seats">
        {reservation.seats.map(({ seat, price }) => (
          <li key={seat}>
            <b>{seat}</b>
            <span class="digits">{money(asMoney(price, reservation.currency))}</span>
          </li>
        ))}
      </ul>
      <Extras reservation={reservation} />
      {reservation.adjacent === false && reservation.seats.length > 1 && (
        <p class="quiet">These seats are not all side by side: no block of this size was free.</p>
      )}
      <p class="chosen-total">
        <span>To pay, everything included</span>
        <b class="digits">{money(reservation)}</b>
      </p>
    </div>
  );
}

/** What is added to the prices, and what a code takes off. */
function Extras({ reservation }: { reservation: Reservation }) {
  const { fee = 0, discount, discount_code: code, currency } = reservation;
  if (fee === 0 && discount === undefined) return null;
  return (
    <ul class="chosen-seats">
      {fee > 0 && (
        <li>
          <span>Booking fee</span>
          <span class="digits">{money({ amount: fee, currency })}</span>
        </li>
      )}
      {discount !== undefined && (
        <li>
          <span>Discount {code}</span>
          <span class="digits">{money({ amount: -discount, currency })}</span>
        </li>
      )}
    </ul>
  );
}

/** The fields of whoever takes the payment. */
function Card({ purchase }: { purchase: Purchase }) {
  const [page, setPage] = useState<PaymentPage>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    paymentPage().then(setPage, () => setFailed(true));
  }, []);
  if (page?.provider === 'sandbox') return <Cards purchase={purchase} />;
  if (page?.publishable_key != null) {
    return <StripeCard purchase={purchase} publishableKey={page.publishable_key} />;
  }
  if (page === undefined && !failed) return <div class="panel form" aria-busy="true" />;
  return (
    <Notice tone="bad" title="Paying is not possible here now" alert>
      <p>Your seats are held. Load this page again in a moment.</p>
    </Notice>
  );
}

function Cards({ purchase }: { purchase: Purchase }) {
  const [token, setToken] = useState<string>(testCards[0].token);
  return (
    <form
      class="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        void pay(purchase, token);
      }}
    >
      <fieldset class="cards">
        <legend>Pay with</legend>
        {testCards.map((card) => (
          <label key={card.token} class="card">
            <input
              type="radio"
              name="card"
              value={card.token}
              checked={token === card.token}
              onChange={() => setToken(card.token)}
            />
            <span class="card-face" aria-hidden="true" />
            <span class="card-words">
              <b>{card.name}</b> <span class="quiet">{card.says}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <p class="quiet">
        A sandbox: these are test cards and no money moves. Card numbers never reach this page.
      </p>
      <button type="submit" class="button button-wide">
        Pay {purchase.reservation === undefined ? '' : money(purchase.reservation)}
      </button>
    </form>
  );
}

function Settling({ purchase }: { purchase: Purchase }) {
  const url = challengeUrl(purchase.action);
  if (purchase.action === undefined) {
    return (
      <div class="panel sending" role="status">
        <span class="loading-dots" aria-hidden="true" />
        <p>The payment is on its way. You can close this page: the tickets come by mail, too.</p>
      </div>
    );
  }
  return (
    <Notice tone="info" title="Your bank would like to know that it is you" alert>
      <p>Confirm the payment with your bank. This page goes on by itself as soon as you have.</p>
      {url === null ? (
        <AskBank showId={purchase.showId} />
      ) : (
        <a class="button" href={url} target="_blank" rel="noopener">
          Confirm with the bank
          <Icon name="arrow" />
        </a>
      )}
      <button type="button" class="button button-quiet" onClick={() => chooseOtherCard(purchase)}>
        Pay with another card
      </button>
    </Notice>
  );
}

/** Asks the bank in a frame of this page, as often as the fan likes. */
function AskBank({ showId }: { showId: string }) {
  const [wrong, setWrong] = useState('');
  const ask = (): void => {
    setWrong('');
    askBank(showId).catch((error: unknown) => setWrong(wordsOf(error)));
  };
  return (
    <>
      {wrong !== '' && <p role="alert">{wrong}</p>}
      <button type="button" class="button" onClick={ask}>
        Confirm with the bank
      </button>
    </>
  );
}
