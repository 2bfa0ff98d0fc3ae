import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { formatId, formatShowId, parseShowId, parseTicketId } from '../../core/domain/ids.js';
import { readTicketCode } from '../../core/runtime/ticket-code.js';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import { admitTicket, type ScannedTicket } from '../../core/store/shard/admit-ticket.js';
import { changeShow } from '../../core/store/shard/show-change.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { deskRoles } from './staff-shared.js';

export const scanId = z.string().regex(/^[A-Za-z0-9_-]{8,40}$/);

const scanBody = z.strictObject({
  qr: z.string().min(1).max(300),
  gate: z.string().trim().min(1).max(40),
  /** The show at this door; without it any show's tickets are admitted. */
  show_id: z.string().optional(),
  /** The scanner's name for this scan: sent again after a lost answer, it gets the same answer. */
  scan_id: scanId.optional(),
});

const admittedShape = z.object({
  result: z.literal('admitted'),
  ticket_id: z.string(),
  booking_id: z.string(),
  show_id: z.string(),
  seat: z.string(),
  zone: z.string(),
  movie: z.string(),
  hall: z.string(),
  starts_at: z.iso.datetime(),
  used_at: z.iso.datetime(),
  gate: z.string(),
});

const invalidText = {
  forged: 'Forged: the signature does not fit. Do not admit.',
  malformed: 'This is no ticket of ours. Do not admit.',
  unknown_key: 'Signed with a key that is not ours. Do not admit.',
} as const;

/** The door: a code admits once; every other scan says why not. */
export function staffScanRoutes(deps: Pick<ApiDeps, 'catalog' | 'shards' | 'secrets'>): Route[] {
  const { catalog, shards, secrets } = deps;
  const keys = new Map(secrets.ticket.map((key) => [key.kid, key.publicKey]));
  return [
    route({
      method: 'post',
      path: '/api/v1/staff/scan',
      summary: 'Verifies a scanned code and admits its ticket once',
      identity: 'staff',
      roles: deskRoles,
      body: scanBody,
      answers: { 200: admittedShape },
      handle: async ({ body, actor }) => {
        const code = readTicketCode(keys, body.qr.trim());
        if (!code.ok) throw invalid(code.reason);
        const ref = parseTicketId(code.ticketId);
        if (!ref || ref.showId !== code.showId) throw invalid('malformed');
        const wanted = body.show_id === undefined ? ref.showId : parseShowId(body.show_id);
        if (wanted !== ref.showId) {
          throw new UsherError('wrong_show', 'The ticket is for another show.', {
            extra: { show_id: formatShowId(ref.showId) },
          });
        }
        const shard = await shards.forShow(ref.showId);
        const { result } = await changeShow(shard, ref.showId, (change) =>
          admitTicket(change, ref, {
            ...{ counter: code.counter, gate: body.gate, by: actor, scanId: body.scan_id },
          }),
        );
        if (!result) throw invalid('malformed');
        const { ticket } = result;
        if (!result.admitted) throw refusal(ticket);
        const show = (await readBookingShows(catalog, [ref.showId])).get(ref.showId);
        const answer: z.infer<typeof admittedShape> = {
          result: 'admitted',
          ticket_id: code.ticketId,
          booking_id: formatId('booking', ref),
          show_id: formatShowId(ref.showId),
          seat: ticket.seat,
          zone: ticket.zone,
          movie: show?.title ?? '',
          hall: show?.hall ?? '',
          starts_at: new Date(show?.startsAtMs ?? 0).toISOString(),
          used_at: ticket.usedAt?.toISOString() ?? '',
          gate: ticket.usedGate ?? body.gate,
        };
        return { status: 200, body: answer };
      },
    }),
  ];
}

function invalid(reason: keyof typeof invalidText): UsherError {
  return new UsherError('ticket_invalid', invalidText[reason], { extra: { reason } });
}

function refusal(ticket: ScannedTicket): UsherError {
  if (ticket.state === 'USED') {
    const at = ticket.usedAt?.toISOString() ?? '';
    const { seat, usedGate: gate } = ticket;
    return new UsherError('already_used', `Used already: seat ${seat}, at ${at}, gate ${gate}.`, {
      extra: { used_at: at, gate, seat },
    });
  }
  const why = voidReason(ticket);
  return new UsherError('ticket_void', `The ticket is ${why}. Do not admit.`, {
    extra: { reason: why, seat: ticket.seat },
  });
}

/** Why a ticket that is not used admits nobody: an older print, or given back, or changed. */
export function voidReason(ticket: ScannedTicket): 'replaced' | 'refunded' | 'cancelled' | 'void' {
  if (ticket.state !== 'VOID') return 'replaced';
  if (Number(ticket.refunds) > 0) return 'refunded';
  return ticket.bookingState === 'CANCELLED' ? 'cancelled' : 'void';
}
