// The second half of the journey: from the pass to the ticket.
import { sleep } from '../stage/programs.js';
import type { Answer } from './caller.js';
import { nowMs } from './client-log.js';
import { type End, endOf, newKey, type Trip } from './fan.js';

const decisionMsMax = 60_000;
const paidMsMax = 60_000;
/** How long a fan hopes for seats to come back. */
const patienceMsMax = 12_000;
/** Reading a seat map is work for both sides: most fans choose near what they saw. */
const nearest = 3;

export async function buy(trip: Trip, pass: string): Promise<End> {
  const showId = trip.random.pick(trip.sale.showIds) ?? '';
  trip.line?.watch({ show_id: showId });
  const granted = await reserveUntilGranted(trip, { pass, showId });
  const isLate = 'ending' in granted && granted.hasLine === true && trip.plan.waits;
  const won = isLate ? await waitForOffer(trip, showId) : granted;
  if ('ending' in won) return won;
  const reservationId = String(won.body.reservation_id);
  await trip.think();
  const path = `/api/v1/reservations/${reservationId}`;
  if (trip.plan.ending === 'abandons') return { ending: 'abandoned' };
  if (trip.plan.ending === 'releases') {
    const answer = await trip.insist({ op: 'release', method: 'DELETE', path });
    return answer.status < 300 || answer.status === 410 ? { ending: 'released' } : endOf(answer);
  }
  return pay(trip, reservationId);
}

async function reserveUntilGranted(
  trip: Trip,
  { pass, showId }: { pass: string; showId: string },
): Promise<Answer | End> {
  const { crowd, plan } = trip;
  let alternatives: string[][] = [];
  for (let choice = 0; choice < crowd.behaviour.choicesMost; choice += 1) {
    if (crowd.over()) return { ending: 'out_of_time' };
    const seats = plan.chooses ? (alternatives[0] ?? (await choose(trip, showId))) : undefined;
    if (plan.chooses && !seats) return { ending: 'sold_out' };
    const wish = seats ? { show_id: showId, seats } : { show_id: showId, quantity: plan.seats };
    const startMs = nowMs();
    const answer = await decide(trip, pass, wish);
    crowd.marks.add(answer.status === 200 ? 'granted' : 'refused', nowMs() - startMs);
    if (answer.status === 200) return answer;
    if (answer.body.error !== 'seats_taken') return endOf(answer);
    const offered = answer.body.alternatives;
    alternatives = trip.random.chance(0.5) && Array.isArray(offered) ? (offered as string[][]) : [];
    await trip.think();
  }
  return { ending: 'unlucky' };
}

/** Asks for the own entry of the waitlist until it has an offer, which is held for this fan. */
async function waitForOffer(trip: Trip, showId: string): Promise<Answer | End> {
  const path = `/api/v1/shows/${showId}/waitlist`;
  const untilMs = nowMs() + patienceMsMax;
  while (nowMs() < untilMs && !trip.crowd.over()) {
    const answer = await trip.insist({ op: 'waitlist', method: 'GET', path });
    const offer = answer.body.offer as Record<string, unknown> | null | undefined;
    if (offer) return { ...answer, body: offer };
    if (answer.status !== 200) break;
    await sleep(trip.random.whole(...trip.crowd.behaviour.pollMs));
  }
  return { ending: 'sold_out' };
}

/** One request under one key until it is decided, however often it has to be asked for. */
async function decide(trip: Trip, pass: string, body: Record<string, unknown>): Promise<Answer> {
  const key = newKey();
  const ask = { op: 'reserve', method: 'POST', path: '/api/v1/reserve', key, pass, body } as const;
  const twin = trip.plan.doubles ? trip.call(ask) : undefined;
  let answer = await trip.insist(ask);
  await twin;
  const untilMs = nowMs() + decisionMsMax;
  while (answer.status === 202 && nowMs() < untilMs && !trip.crowd.over()) {
    await sleep(500);
    answer = await trip.insist(ask);
  }
  return answer;
}

type MapRow = { row: string; seats: { seat: string; x: number; state: string }[] };

/** Looks at the map and takes neighbours that are free, or fewer when there are no such. */
async function choose(trip: Trip, showId: string): Promise<string[] | undefined> {
  const path = `/api/v1/shows/${showId}/seats`;
  const answer = await trip.insist({ op: 'seats', method: 'GET', path });
  const rows = (answer.body.rows ?? []) as MapRow[];
  await trip.think();
  for (let size = trip.plan.seats; size >= 1; size -= 1) {
    const runs = rows.flatMap((row) => freeRuns(row, size));
    const from = runs.slice(0, Math.max(nearest, Math.ceil(runs.length / 4)));
    const run = trip.random.pick(from);
    if (run) return run;
  }
  return undefined;
}

function freeRuns({ seats }: MapRow, size: number): string[][] {
  const runs: string[][] = [];
  for (let from = 0; from + size <= seats.length; from += 1) {
    const run = seats.slice(from, from + size);
    if (run.every((seat) => seat.state === 'free')) runs.push(run.map((seat) => seat.seat));
  }
  return runs;
}

async function pay(trip: Trip, reservationId: string): Promise<End> {
  const { crowd, plan } = trip;
  const startMs = nowMs();
  let answer = await confirm(trip, reservationId, plan.card);
  if (answer.status === 402) {
    await trip.think();
    answer = await confirm(trip, reservationId, 'pm_card_visa');
  }
  if (answer.status === 402) return { ending: 'declined' };
  if (answer.status === 410) return { ending: 'lost_hold' };
  if (answer.status === 202 && plan.closesPage) return { ending: 'closed_page' };
  if (answer.status === 202) return { ending: 'out_of_time', why: String(answer.body.status) };
  if (answer.status !== 201) return endOf(answer);
  crowd.marks.add('booked', nowMs() - startMs);
  const path = `/api/v1/bookings/${String(answer.body.booking_id)}`;
  const booking = await trip.insist({ op: 'booking', method: 'GET', path });
  const tickets = booking.body.tickets;
  if (booking.status !== 200 || !Array.isArray(tickets) || tickets.length === 0) {
    return { ending: 'failed', why: `no tickets after paying: ${booking.status}` };
  }
  return { ending: 'booked' };
}

/** Pays under one key until there is an end: a 3-D Secure question is answered on the way. */
async function confirm(trip: Trip, reservationId: string, card: string): Promise<Answer> {
  const body = { reservation_id: reservationId, payment_token: card };
  const key = newKey();
  const ask = { op: 'confirm', method: 'POST', path: '/api/v1/confirm', key, body } as const;
  const untilMs = nowMs() + paidMsMax;
  let answered = false;
  for (;;) {
    const answer = await trip.insist(ask);
    if (answer.status !== 202 || nowMs() > untilMs || trip.crowd.over()) return answer;
    if (answer.body.status === 'requires_action' && !answered) {
      await trip.think();
      answered = await approve(answer.body);
      if (answered && trip.plan.closesPage) return answer;
    }
    await sleep(trip.random.whole(200, 800));
  }
}

/** The bank's question is asked by the sandbox's own page; a real bank's is left alone. */
async function approve(body: Record<string, unknown>): Promise<boolean> {
  try {
    const url = new URL(String(body.next_action_url));
    url.search = '';
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_secret: body.client_secret, verdict: 'complete' }),
      signal: AbortSignal.timeout(10_000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
