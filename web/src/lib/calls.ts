import { ApiError, call } from './api.js';
import { keepPlace, places } from './keep.js';
import type {
  Booking,
  Challenge,
  City,
  Movie,
  Page,
  Place,
  Reservation,
  Room,
  Sale,
  SeatMap,
  Show,
  WaitlistEntry,
} from './types.js';
import { solveWork } from './work.js';

/** The catalog: public, so it may come from a cache. */
async function list<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const options = signal === undefined ? { cacheable: true } : { cacheable: true, signal };
  const all: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < 20; pages += 1) {
    const glue = path.includes('?') ? '&' : '?';
    const at: string =
      cursor === null ? path : `${path}${glue}cursor=${encodeURIComponent(cursor)}`;
    const { body } = await call<Page<T>>(at, options);
    all.push(...body.results);
    cursor = body.next_cursor ?? null;
    if (cursor === null) break;
  }
  return all;
}

export function cities(signal?: AbortSignal): Promise<City[]> {
  return list('/cities', signal);
}

export function movies(city: string | null, signal?: AbortSignal): Promise<Movie[]> {
  return list(city === null ? '/movies' : `/movies?city=${encodeURIComponent(city)}`, signal);
}

export function movieShows(movieId: string, signal?: AbortSignal): Promise<Show[]> {
  return list(`/movies/${movieId}/shows`, signal);
}

export function sales(signal?: AbortSignal): Promise<Sale[]> {
  return list('/sales', signal);
}

async function one<T>(path: string, cacheable: boolean, signal?: AbortSignal): Promise<T> {
  const options = signal === undefined ? { cacheable } : { cacheable, signal };
  return (await call<T>(path, options)).body;
}

export const movie = (id: string, signal?: AbortSignal) =>
  one<Movie>(`/movies/${id}`, true, signal);
export const show = (id: string, signal?: AbortSignal) => one<Show>(`/shows/${id}`, true, signal);
export const sale = (id: string, signal?: AbortSignal) => one<Sale>(`/sales/${id}`, true, signal);
export const room = (id: string, signal?: AbortSignal) =>
  one<Room>(`/sales/${id}/room`, false, signal);
export const seats = (id: string, signal?: AbortSignal) =>
  one<SeatMap>(`/shows/${id}/seats`, false, signal);
export const reservation = (id: string, signal?: AbortSignal) =>
  one<Reservation>(`/reservations/${id}`, false, signal);
export const booking = (id: string, signal?: AbortSignal) =>
  one<Booking>(`/bookings/${id}`, false, signal);

/** Gives tickets back by the rules of the sale; tells what goes back to the fan. */
export async function giveBack(
  id: string,
  seats: string[],
): Promise<{ seats: string[]; amount: number; currency: string }> {
  const path = `/bookings/${id}/cancel`;
  return (
    await call<{ seats: string[]; amount: number; currency: string }>(path, {
      method: 'POST',
      body: { seats },
    })
  ).body;
}

export const waitlist = (showId: string, signal?: AbortSignal) =>
  one<WaitlistEntry>(`/shows/${showId}/waitlist`, false, signal);

export async function joinWaitlist(
  showId: string,
  want: { quantity: number; accept_fewer: boolean },
): Promise<WaitlistEntry> {
  const path = `/shows/${showId}/waitlist`;
  return (await call<WaitlistEntry>(path, { method: 'POST', body: want })).body;
}

export async function leaveWaitlist(showId: string): Promise<void> {
  await call(`/shows/${showId}/waitlist`, { method: 'DELETE' });
}

export async function bookings(signal?: AbortSignal): Promise<Booking[]> {
  return (await one<Page<Booking>>('/bookings', false, signal)).results;
}

/** The receipt brings a place back that the server has lost. */
function receiptOf(saleId: string): Record<string, string> {
  const receipt = places.get()[saleId]?.receipt;
  return receipt === undefined ? {} : { 'Usher-Receipt': receipt };
}

/** A phone or a hidden page is put to sleep by its browser, so its signs of life last longer. */
function presence(): Record<string, string> {
  if (document.hidden) return { 'Usher-Presence': 'hidden' };
  return matchMedia('(pointer: coarse)').matches ? { 'Usher-Presence': 'phone' } : {};
}

/** Takes a place in the line; joining again gives the same place. */
export async function join(saleId: string, code?: string): Promise<Place> {
  const headers = { ...receiptOf(saleId), ...presence() };
  const path = `/sales/${saleId}/join`;
  const shown = code === undefined ? {} : { code };
  let answer: { body: Place };
  try {
    answer = await call<Place>(path, { method: 'POST', body: shown, headers });
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.problem.error !== 'challenge_required')
      throw thrown;
    const challenge = await work(saleId);
    answer = await call<Place>(path, { method: 'POST', body: { ...shown, challenge }, headers });
  }
  keepPlace(answer.body);
  return answer.body;
}

/** Does the work that a sale asks of newcomers. */
async function work(saleId: string): Promise<string | undefined> {
  type Asked = { challenge: Challenge | null };
  const { challenge } = await one<Asked>(`/sales/${saleId}/challenge`, false);
  return challenge === null ? undefined : solveWork(challenge);
}

/** The fan's place as the server sees it now; 404 when there is none. */
export async function place(saleId: string, signal?: AbortSignal): Promise<Place> {
  const headers = { ...receiptOf(saleId), ...presence() };
  const options = signal === undefined ? { headers } : { headers, signal };
  const { body } = await call<Place>(`/sales/${saleId}/place`, options);
  keepPlace(body);
  return body;
}

export async function leave(saleId: string): Promise<void> {
  await call(`/sales/${saleId}/leave`, { method: 'POST', body: {} });
}

export async function release(reservationId: string): Promise<void> {
  await call(`/reservations/${reservationId}`, { method: 'DELETE' });
}

export async function extend(reservationId: string): Promise<Reservation> {
  const path = `/reservations/${reservationId}/extend`;
  return (await call<Reservation>(path, { method: 'POST', body: {} })).body;
}

/** The sale of a show, from the short list: a standing sale's own answer carries all of its shows. */
export async function saleOf(show: Show, signal?: AbortSignal): Promise<Sale> {
  const all = await sales(signal);
  return all.find((each) => each.sale_id === show.sale_id) ?? sale(show.sale_id, signal);
}
