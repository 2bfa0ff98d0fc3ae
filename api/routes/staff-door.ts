import { z } from 'zod';
import { formatId, formatShowId, formatTicketId, parseTicketId } from '../../core/domain/ids.js';
import { readTicketCode } from '../../core/runtime/ticket-code.js';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { readNowMs } from '../../core/store/database.js';
import { admitEarlier, admitTicket } from '../../core/store/shard/admit-ticket.js';
import { listConflicts, listDoorTickets, logConflict } from '../../core/store/shard/door.js';
import { changeShow, type ShowChange } from '../../core/store/shard/show-change.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { scanId, voidReason } from './staff-scan.js';
import { deskRoles, showIdOf } from './staff-shared.js';

const doorShape = z.object({
  show_id: z.string(),
  movie: z.string(),
  cinema: z.string(),
  hall: z.string(),
  starts_at: z.iso.datetime(),
  time_zone: z.string(),
  as_of: z.iso.datetime(),
  keys: z.array(z.object({ kid: z.string(), public_pem: z.string() })),
  tickets: z.array(
    z.object({
      ticket_id: z.string(),
      booking_id: z.string(),
      seat: z.string(),
      zone: z.string(),
      counter: z.number().int(),
      state: z.enum(['valid', 'used', 'void']),
      used_at: z.iso.datetime().nullable(),
      gate: z.string().nullable(),
    }),
  ),
});

const scansMax = 500;
const mergeBody = z.strictObject({
  scans: z
    .array(
      z.strictObject({
        scan_id: scanId,
        qr: z.string().min(1).max(300),
        gate: z.string().trim().min(1).max(40),
        at: z.iso.datetime(),
      }),
    )
    .min(1)
    .max(scansMax),
});

const mergedShape = z.object({
  scan_id: z.string(),
  result: z.enum(['admitted', 'conflict', 'invalid']),
  reason: z.string().nullable(),
  seat: z.string().nullable(),
  first_gate: z.string().nullable(),
  first_at: z.iso.datetime().nullable(),
});
type Merged = z.infer<typeof mergedShape>;
type OfflineScan = z.infer<typeof mergeBody>['scans'][number];

const conflictShape = z.object({
  scan_id: z.string(),
  booking_id: z.string(),
  seat: z.string(),
  gate: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string(),
  first_gate: z.string().nullable(),
  first_at: z.string().nullable(),
});

type Deps = Pick<ApiDeps, 'catalog' | 'shards' | 'secrets'>;

/** The door without network: what it needs before, and what it has admitted afterwards. */
export function staffDoorRoutes(deps: Deps): Route[] {
  const { catalog, shards, secrets } = deps;
  const path = '/api/v1/staff/shows/:id/door';
  return [
    route({
      method: 'get',
      path,
      summary: 'Keys and tickets of a show, for scanning without network and for the paper list',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: doorShape },
      handle: async ({ params }) => {
        const showId = showIdOf(params.id);
        const show = found((await readBookingShows(catalog, [showId])).get(showId), 'show');
        const shard = await shards.forShow(showId);
        const asOf = new Date(await readNowMs(shard)).toISOString();
        const tickets = await listDoorTickets(shard, showId);
        const body: z.infer<typeof doorShape> = {
          show_id: formatShowId(showId),
          movie: show.title,
          cinema: show.cinema,
          hall: show.hall,
          starts_at: new Date(show.startsAtMs).toISOString(),
          time_zone: show.timeZone,
          as_of: asOf,
          keys: secrets.ticket.map(({ kid, publicKey }) => ({
            kid,
            public_pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          })),
          tickets: tickets.map((one) => ({
            ticket_id: formatTicketId({ showId, no: one.bookingId, seatNo: one.seatNo }),
            booking_id: formatId('booking', { showId, no: one.bookingId }),
            seat: one.seat,
            zone: one.zone,
            counter: one.counter,
            state: one.state.toLowerCase() as 'valid' | 'used' | 'void',
            used_at: one.usedAt?.toISOString() ?? null,
            gate: one.usedGate,
          })),
        };
        return { status: 200, body };
      },
    }),
    route({
      method: 'post',
      path: `${path}/merge`,
      summary: 'Takes over scans made without network; says which of them conflict',
      identity: 'staff',
      roles: deskRoles,
      body: mergeBody,
      answers: { 200: z.object({ results: z.array(mergedShape) }) },
      handle: async ({ params, body, actor }) => {
        const showId = showIdOf(params.id);
        const shard = await shards.forShow(showId);
        const keys = new Map(secrets.ticket.map((key) => [key.kid, key.publicKey]));
        const inOrder = [...body.scans].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
        const results: Merged[] = [];
        for (const scan of inOrder) {
          const code = readTicketCode(keys, scan.qr.trim());
          const ref = code.ok && code.showId === showId ? parseTicketId(code.ticketId) : undefined;
          if (!code.ok || ref?.showId !== showId) {
            results.push(invalid(scan.scan_id, code.ok ? 'wrong_show' : code.reason));
            continue;
          }
          const { result } = await changeShow(shard, showId, (change) =>
            mergeScan(change, scan, { ref, counter: code.counter, by: actor }),
          );
          results.push(result);
        }
        return { status: 200, body: { results } };
      },
    }),
    route({
      method: 'get',
      path: `${path}/conflicts`,
      summary: 'Scans without network that should not have admitted',
      identity: 'staff',
      roles: deskRoles,
      answers: { 200: z.object({ results: z.array(conflictShape) }) },
      handle: async ({ params }) => {
        const showId = showIdOf(params.id);
        const conflicts = await listConflicts(await shards.forShow(showId), showId);
        const results = conflicts.map(({ bookingId: no, ...conflict }) => ({
          booking_id: formatId('booking', { showId, no }),
          ...conflict,
        }));
        return { status: 200, body: { results } };
      },
    }),
  ];
}

/** One scan that a door has already answered: admitted for truth, or kept as a conflict. */
async function mergeScan(
  change: ShowChange,
  scan: OfflineScan,
  code: { ref: NonNullable<ReturnType<typeof parseTicketId>>; counter: number; by: string },
): Promise<Merged> {
  const { ref, counter, by } = code;
  const { gate, scan_id, at } = scan;
  const offlineAtMs = Date.parse(at);
  const done = await admitTicket(change, ref, { counter, gate, by, scanId: scan_id, offlineAtMs });
  if (!done) return invalid(scan_id, 'unknown_ticket');
  const { ticket } = done;
  if (done.admitted) {
    return { ...invalid(scan_id, ''), result: 'admitted', reason: null, seat: ticket.seat };
  }
  const { usedAt } = ticket;
  if (ticket.state === 'USED' && ticket.counter === counter && usedAt && offlineAtMs < +usedAt) {
    // Whoever was first came in by right, whichever door was the first to tell.
    await admitEarlier(change, ref, { gate, scanId: scan_id, offlineAtMs });
    const later = { gate: ticket.usedGate ?? '', at: usedAt.toISOString(), by };
    const first = { reason: 'already_used', first_gate: gate, first_at: at };
    const { seat, usedScan } = ticket;
    await logConflict(change, ref.no, { scan_id: usedScan ?? scan_id, seat, ...later, ...first });
    return { scan_id, result: 'conflict', seat, ...first };
  }
  const reason = ticket.state === 'USED' ? 'already_used' : voidReason(ticket);
  const first = { first_gate: ticket.usedGate, first_at: ticket.usedAt?.toISOString() ?? null };
  const { seat } = ticket;
  await logConflict(change, ref.no, { scan_id, seat, gate, at, by, reason, ...first });
  return { scan_id, result: 'conflict', reason, seat, ...first };
}

function invalid(scan_id: string, reason: string): Merged {
  const nothing = { seat: null, first_gate: null, first_at: null };
  return { scan_id, result: 'invalid', reason, ...nothing };
}
