import { ApiError, call, problemOf } from './api.js';
import * as calls from './calls.js';
import { dropPurchase, keepPurchase, lastBooked, type Purchase, purchases } from './keep.js';
import { hear } from './live.js';
import { pause, woken } from './pace.js';
import { repeated } from './purchase.js';
import { openStripe } from './stripe.js';
import type { Booking, ConfirmPending, Problem } from './types.js';

/**
 * Paying. One attempt is one key, repeated until it has settled; only a refused attempt makes a new one
 * possible, so an impatient fan can't pay twice.
 */
const lookMs = 2000;
const looksPerConfirm = 4;
const looksMax = 450;

/** Cards of the payment provider's sandbox; the page never sees a card number. */
export const testCards = [
  { token: 'pm_card_visa', name: 'Visa', says: 'Accepted at once' },
  {
    token: 'pm_card_authenticationRequired',
    name: 'Visa with 3-D Secure',
    says: 'Asks your bank first',
  },
  { token: 'pm_card_chargeDeclined', name: 'Visa without funds', says: 'Declined' },
] as const;

const running = new Map<string, Promise<void>>();

/** Secrets of payments that ask the bank: in memory only, since a repeated confirm tells them again. */
const clientSecrets = new Map<string, string>();

/** Who takes the payment, from the server. */
export interface PaymentPage {
  provider: 'stripe' | 'sandbox';
  publishable_key: string | null;
}

export async function paymentPage(): Promise<PaymentPage> {
  return (await call<PaymentPage>('/payments', { cacheable: true })).body;
}

/**
 * Opens the bank's question in Stripe's own frame, where the bank gave no address for it. Throws with
 * words for the fan when it could not be asked.
 */
export async function askBank(showId: string): Promise<void> {
  const { publishable_key: key } = await paymentPage();
  const clientSecret = clientSecrets.get(showId);
  if (key === null || clientSecret === undefined) return;
  const { error } = await (await openStripe(key)).handleNextAction({ clientSecret });
  if (error !== undefined) throw new Error(error.message ?? 'Your bank could not be asked.');
}

export function pay(purchase: Purchase, token: string): Promise<void> {
  const { reservation } = purchase;
  if (reservation === undefined) return Promise.resolve();
  const body = { reservation_id: reservation.reservation_id, payment_token: token };
  const { refusal: _old, ...rest } = purchase;
  keepPurchase({ ...rest, confirm: { key: crypto.randomUUID(), body } });
  return resumePay(purchase.showId);
}

/** Goes on with a kept attempt, for example after a reload; safe to call twice. */
export function resumePay(showId: string): Promise<void> {
  const key = keyOf(showId);
  if (key === undefined) return Promise.resolve();
  const present = running.get(key);
  if (present !== undefined) return present;
  const run = drivePay(showId).finally(() => running.delete(key));
  running.set(key, run);
  return run;
}

function keyOf(showId: string): string | undefined {
  return purchases.get()[showId]?.confirm?.key;
}

/**
 * Gives up the question of the bank for another card: the fields are shown again, and paying with another
 * card cancels the first attempt.
 */
export function chooseOtherCard(purchase: Purchase): void {
  const { confirm: _given, action: _up, ...rest } = purchase;
  keepPurchase(rest);
}

async function drivePay(showId: string): Promise<void> {
  const purchase = purchases.get()[showId];
  if (purchase?.confirm === undefined) return;
  const { key } = purchase.confirm;
  try {
    const bookingId = await settled(showId, purchase.confirm);
    if (bookingId === null) return;
    lastBooked.set({ saleId: purchase.saleId, showId, bookingId });
    dropPurchase(showId);
  } catch (thrown) {
    // What becomes of an attempt that was given up is no news of the one after it.
    if (keyOf(showId) === key) refuse(purchase, problemOf(thrown));
  }
}

function refuse(purchase: Purchase, refusal: Problem): void {
  const { saleId, showId, reservation } = purchase;
  const over = refusal.error === 'reservation_expired' || refusal.reservation_state === 'expired';
  if (refusal.status === 404) {
    keepPurchase({ saleId, showId, refusal: { ...refusal, error: 'reservation_expired' } });
  } else if (over || reservation === undefined) {
    keepPurchase({ saleId, showId, refusal });
  } else {
    const expires_at = refusal.expires_at ?? reservation.expires_at;
    keepPurchase({ saleId, showId, reservation: { ...reservation, expires_at }, refusal });
  }
}

/**
 * Confirms, and while the bank or the provider takes its time, looks until there is a booking or a refusal;
 * null when the fan has given this attempt up.
 */
async function settled(
  showId: string,
  confirm: NonNullable<Purchase['confirm']>,
): Promise<string | null> {
  const headers = { 'Idempotency-Key': confirm.key };
  const { reservation_id } = confirm.body;
  let hint = (): void => undefined;
  const unhear = [hear('booking', () => hint()), hear('reservation', () => hint())];
  try {
    for (let look = 0; look < looksMax; look += 1) {
      if (keyOf(showId) !== confirm.key) return null;
      if (look % looksPerConfirm === 0) {
        const { status, body } = await repeated(() =>
          call<Booking & ConfirmPending>('/confirm', {
            method: 'POST',
            body: confirm.body,
            headers,
          }),
        );
        if (status !== 202) return body.booking_id;
        if (keyOf(showId) === confirm.key) showAction(showId, body);
      } else {
        const state = await repeated(() => calls.reservation(reservation_id));
        if (state.state?.toLowerCase() === 'booked' && state.booking_id) return state.booking_id;
        // Whatever else it is by now, the repeated confirm says why.
        if (state.state !== undefined && !/^(paying|ending)$/i.test(state.state)) {
          look += looksPerConfirm - 1 - (look % looksPerConfirm);
        }
      }
      await Promise.race([
        pause(lookMs),
        woken((wake) => {
          hint = wake;
        }),
      ]);
    }
  } finally {
    for (const stop of unhear) stop();
  }
  throw new ApiError({ status: 503, error: 'payments_unavailable' }, null);
}

function showAction(showId: string, answer: ConfirmPending): void {
  const purchase = purchases.get()[showId];
  if (purchase === undefined) return;
  if (answer.status !== 'requires_action') {
    const { action: _done, ...rest } = purchase;
    if (_done !== undefined) keepPurchase(rest);
    return;
  }
  if (answer.client_secret !== undefined) clientSecrets.set(showId, answer.client_secret);
  const action: NonNullable<Purchase['action']> = {};
  if (answer.next_action_url !== undefined) action.url = answer.next_action_url;
  if (answer.deadline !== undefined) action.deadline = answer.deadline;
  keepPurchase({ ...purchase, action });
}

/**
 * Takes the bank's answer out of the address, where its secret has no business, and tells whether it said
 * that the payment went through.
 */
export function takeBankReturn(): boolean {
  const answer = new URLSearchParams(window.location.search);
  if (!answer.has('payment_intent')) return false;
  window.history.replaceState(null, '', window.location.pathname);
  return answer.get('redirect_status') === 'succeeded';
}

/** Where the bank's challenge is; only web addresses are followed. */
export function challengeUrl(action: Purchase['action']): string | null {
  const url = action?.url;
  return url !== undefined && /^https?:\/\//.test(url) ? url : null;
}
