import { createKeptStore } from './store.js';
import type { Place, Problem, Reservation, ReserveBody, Session } from './types.js';

/** A request that has been sent, or may have been: repeated with the same key until it is answered. */
export interface Pending<B> {
  key: string;
  body: B;
}

/** What a fan is buying in one show; everything needed to go on after a reload. */
export interface Purchase {
  saleId: string;
  showId: string;
  reserve?: Pending<ReserveBody>;
  reservation?: Reservation;
  confirm?: Pending<{ reservation_id: string; payment_token: string }>;
  /** What the bank wants of the fan before the payment goes on. */
  action?: { url?: string; deadline?: string };
  /** Why the last attempt was refused, for the fan to read. */
  refusal?: Problem;
}

/** A purchase that has been paid. */
export interface Booked {
  saleId: string;
  showId: string;
  bookingId: string;
}

export const session = createKeptStore<Session | null>('usher.session', null);
const owner = createKeptStore<string | null>('usher.owner', null);
export const chosenCity = createKeptStore<string | null>('usher.city', null);
export const places = createKeptStore<Record<string, Place>>('usher.places', {});
export const purchases = createKeptStore<Record<string, Purchase>>('usher.purchases', {});
export const lastBooked = createKeptStore<Booked | null>('usher.booked', null);

/** Keeps the fan's place in a sale; the receipt of an earlier answer is never forgotten. */
export function keepPlace(place: Place): void {
  const all = places.get();
  const receipt = place.receipt ?? all[place.sale_id]?.receipt;
  const kept = receipt === undefined ? place : { ...place, receipt };
  places.set({ ...all, [place.sale_id]: kept });
}

/** A pass is good for one reservation; with it the turn is over. */
export function endTurn(saleId: string): void {
  const place = places.get()[saleId];
  if (place === undefined) return;
  const { pass: _spent, pass_expires_at: _over, ...rest } = place;
  places.set({ ...places.get(), [saleId]: { ...rest, state: 'done' } });
}

export function dropPlace(saleId: string): void {
  const { [saleId]: _gone, ...rest } = places.get();
  places.set(rest);
}

export function keepPurchase(purchase: Purchase): void {
  purchases.set({ ...purchases.get(), [purchase.showId]: purchase });
}

export function dropPurchase(showId: string): void {
  const { [showId]: _gone, ...rest } = purchases.get();
  purchases.set(rest);
}

/** Starts a session, or ends it when its token is over; the purchases of the same fan stay for the next log-in. */
export function setSession(next: Session | null): void {
  if (next !== null) {
    if (next.fan_id !== owner.get()) forgetPurchases();
    owner.set(next.fan_id);
  }
  session.set(next);
}

/** Logs out on purpose: nothing of the fan stays in this browser. */
export function forgetFan(): void {
  forgetPurchases();
  owner.set(null);
  session.set(null);
}

function forgetPurchases(): void {
  places.set({});
  purchases.set({});
  lastBooked.set(null);
}
