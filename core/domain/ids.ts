/**
 * Ids route themselves: a request, reservation, booking or ticket id carries its show, so any
 * node finds the shard without asking. A reservation has the number of the request that won it,
 * and a booking the number of its reservation, so one number follows a purchase to the end.
 */

export type ShowId = number;

/** One thing inside a show: its number is unique within the show's shard. */
export type ShowScoped = { showId: ShowId; no: number };

/** One ticket: its booking and the seat's ordinal in the hall. */
export type TicketRef = ShowScoped & { seatNo: number };

const kinds = { request: 'req', reservation: 'res', booking: 'bkg', payment: 'pay' } as const;

export type IdKind = keyof typeof kinds;

/** Writes the public form, such as `res_3f_1k9`. */
export function formatId(kind: IdKind, ref: ShowScoped): string {
  return `${kinds[kind]}_${ref.showId.toString(36)}_${ref.no.toString(36)}`;
}

/** Reads the public form back; undefined when the text is no id of that kind. */
export function parseId(kind: IdKind, text: string): ShowScoped | undefined {
  const match = /^([a-z]{3})_([0-9a-z]{1,7})_([0-9a-z]{1,11})$/.exec(text);
  if (match?.[1] !== kinds[kind] || match[2] === undefined || match[3] === undefined) {
    return undefined;
  }
  const ref = { showId: Number.parseInt(match[2], 36), no: Number.parseInt(match[3], 36) };
  return isShowId(ref.showId) && isCount(ref.no) ? ref : undefined;
}

/** Writes a ticket's public id, such as `tkt_3f_1k9_c`. */
export function formatTicketId(ref: TicketRef): string {
  return `tkt_${ref.showId.toString(36)}_${ref.no.toString(36)}_${ref.seatNo.toString(36)}`;
}

export function parseTicketId(text: string): TicketRef | undefined {
  const match = /^tkt_([0-9a-z]{1,7})_([0-9a-z]{1,11})_([0-9a-z]{1,3})$/.exec(text);
  if (!match) return undefined;
  const [showId = Number.NaN, no = Number.NaN, seatNo = Number.NaN] = match
    .slice(1)
    .map((part) => Number.parseInt(part, 36));
  return isShowId(showId) && isCount(no) && seatNo <= 65_535 ? { showId, no, seatNo } : undefined;
}

/** One refund: its reservation and its number among the reservation's refunds. */
export type RefundId = ShowScoped & { refundNo: number };

/** Writes a refund's public id, such as `rfd_3f_1k9_1`. */
export function formatRefundId(ref: RefundId): string {
  return `rfd_${ref.showId.toString(36)}_${ref.no.toString(36)}_${ref.refundNo.toString(36)}`;
}

export function parseRefundId(text: string): RefundId | undefined {
  const match = /^rfd_([0-9a-z]{1,7})_([0-9a-z]{1,11})_([0-9a-z]{1,3})$/.exec(text);
  if (!match) return undefined;
  const [showId = Number.NaN, no = Number.NaN, refundNo = Number.NaN] = match
    .slice(1)
    .map((part) => Number.parseInt(part, 36));
  return isShowId(showId) && isCount(no) && isCount(refundNo)
    ? { showId, no, refundNo }
    : undefined;
}

const plainKinds = { message: 'msg', till: 'til' } as const;

export type PlainIdKind = keyof typeof plainKinds;

/** Writes the public form of a thing that no show owns, such as `msg_1k9`. */
export function formatPlainId(kind: PlainIdKind, no: number): string {
  return `${plainKinds[kind]}_${no.toString(36)}`;
}

export function parsePlainId(kind: PlainIdKind, text: string): number | undefined {
  const match = /^([a-z]{3})_([0-9a-z]{1,10})$/.exec(text);
  if (match?.[1] !== plainKinds[kind] || match[2] === undefined) return undefined;
  const no = Number.parseInt(match[2], 36);
  return isCount(no) ? no : undefined;
}

/** Shows are public as decimal text, which staff type on the command line. */
export function formatShowId(showId: ShowId): string {
  return String(showId);
}

export function parseShowId(text: string): ShowId | undefined {
  if (!/^[1-9][0-9]{0,9}$/.test(text)) return undefined;
  const showId = Number(text);
  return isShowId(showId) ? showId : undefined;
}

function isShowId(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && value <= 4_294_967_295;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
