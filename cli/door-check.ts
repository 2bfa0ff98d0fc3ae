import { createPublicKey, type KeyObject } from 'node:crypto';
import { readTicketCode } from '../core/runtime/ticket-code.js';
import type { DoorFile } from './door-file.js';

/** What a door without network says to a code. */
export type DoorVerdict =
  | { result: 'admitted'; ticketId: string; counter: number; seat: string | null }
  | { result: 'refused'; error: string; detail: string };

/**
 * Checks a code by keys and list alone. A genuine ticket that is not in the list was sold after it
 * was fetched and is let in; merging finds out if it was void.
 */
export function checkOffline(door: DoorFile, text: string): DoorVerdict {
  const keys = new Map<string, KeyObject>(
    door.list.keys.map((key) => [key.kid, createPublicKey(key.public_pem)]),
  );
  const code = readTicketCode(keys, text);
  if (!code.ok) {
    const why = {
      forged: 'Forged: the signature does not fit. Do not admit.',
      malformed: 'This is no ticket of ours. Do not admit.',
      unknown_key: 'Signed with a key that is not ours. Do not admit.',
    }[code.reason];
    return { result: 'refused', error: 'ticket_invalid', detail: why };
  }
  const { ticketId, counter } = code;
  if (String(code.showId) !== door.list.show_id) {
    const detail = `The ticket is for show ${code.showId}, not for this one.`;
    return { result: 'refused', error: 'wrong_show', detail };
  }
  const own = door.scans.find((scan) => scan.ticket_id === ticketId);
  const ticket = door.list.tickets.find((one) => one.ticket_id === ticketId);
  const seat = ticket?.seat ?? null;
  if (own) return used(seat, own.at, own.gate);
  if (ticket?.state === 'used') return used(seat, ticket.used_at ?? '', ticket.gate ?? '');
  if (ticket?.state === 'void') {
    return { result: 'refused', error: 'ticket_void', detail: 'The ticket is void. Do not admit.' };
  }
  if (ticket && ticket.counter > counter) {
    const detail = 'The ticket is replaced by a newer one. Do not admit.';
    return { result: 'refused', error: 'ticket_void', detail };
  }
  return { result: 'admitted', ticketId, counter, seat };
}

function used(seat: string | null, at: string, gate: string): DoorVerdict {
  const detail = `Used already: seat ${seat ?? '?'}, at ${at}, gate ${gate}.`;
  return { result: 'refused', error: 'already_used', detail };
}
