// I1, I2 (per show), I4, I31, I38: who owns which seat, counted from every table that says so.
import type { Findings } from './findings.js';
import {
  activeReservations,
  groupBy,
  liveTickets,
  reservedSeats,
  type ShowRows,
  wishOf,
  wishSize,
} from './rows.js';

export function checkInventory(show: ShowRows, findings: Findings): void {
  checkOwners(show, findings);
  checkSeatStates(show, findings);
  checkWholeWishes(show, findings);
  checkTickets(show, findings);
  checkQuotas(show, findings);
}

/** Owners come from reservations and tickets, not from the seat row, which can name only one. */
function checkOwners(show: ShowRows, findings: Findings): void {
  const owners = new Map<number, Set<string>>();
  const own = (seatNo: number, owner: string) => {
    owners.set(seatNo, (owners.get(seatNo) ?? new Set()).add(owner));
  };
  for (const row of show.reservations) {
    if (!activeReservations.includes(row.state)) continue;
    for (const { seatNo } of reservedSeats(row)) own(seatNo, `reservation(${row.reservation_id})`);
  }
  for (const row of show.tickets) {
    if (liveTickets.includes(row.state)) own(row.seat_no, `ticket(${row.booking_id})`);
  }
  findings.checked('I1', show.seats.length);
  for (const [seatNo, holders] of owners) {
    if (holders.size <= 1) continue;
    findings.add({
      rule: 'I1',
      where: show.where,
      text: `seat ${seatNo} has ${holders.size} active owners`,
      rows: [...holders],
      cause:
        'two decisions read the seat as free: a lane ran without the head lock, or a state was written without its guard',
    });
  }
}

function checkSeatStates(show: ShowRows, findings: Findings): void {
  const reservations = new Map(show.reservations.map((row) => [row.reservation_id, row]));
  findings.checked('I2', show.seats.length);
  for (const seat of show.seats) {
    const row = seat.reservation_id === null ? undefined : reservations.get(seat.reservation_id);
    const holds = row && reservedSeats(row).some(({ seatNo }) => seatNo === seat.seat_no);
    const right =
      seat.state === 'HELD'
        ? holds && activeReservations.includes(row.state)
        : seat.state === 'BOOKED'
          ? holds && row.state === 'BOOKED'
          : row === undefined;
    if (right) continue;
    findings.add({
      rule: 'I2',
      where: show.where,
      text: `seat ${seat.seat} is ${seat.state}, but its reservation is ${row ? row.state : 'not there'}`,
      rows: [`show_seat(${seat.seat_no})`, `reservation(${seat.reservation_id})`],
      cause: 'seat and reservation were written in different transactions, or one of them by hand',
    });
  }
  const held = new Map(show.seats.map((seat) => [seat.seat_no, seat]));
  for (const row of show.reservations) {
    if (!activeReservations.includes(row.state)) continue;
    const lost = reservedSeats(row).filter(({ seatNo }) => {
      const seat = held.get(seatNo);
      return seat?.state !== 'HELD' || seat.reservation_id !== row.reservation_id;
    });
    if (lost.length === 0) continue;
    findings.add({
      rule: 'I2',
      where: show.where,
      text: `reservation ${row.reservation_id} is ${row.state} without ${lost.length} of its seats`,
      rows: lost.map(({ seatNo }) => `show_seat(${seatNo})`),
      cause: 'seats were freed or sold while the reservation still held them',
    });
  }
}

function checkWholeWishes(show: ShowRows, findings: Findings): void {
  const reservations = new Map(show.reservations.map((row) => [row.reservation_id, row]));
  const granted = show.requests.filter((row) => row.state === 'GRANTED');
  // Staff may move a booking to other seats than were asked for.
  const moved = new Set(
    show.log.filter((entry) => entry.kind === 'RESEATED').map((entry) => entry.subject_id),
  );
  findings.checked('I4', granted.length);
  for (const request of granted) {
    const wish = wishOf(request);
    const reservation = reservations.get(request.request_id);
    const seats = reservation ? reservedSeats(reservation) : [];
    const names = new Map(show.seats.map((seat) => [seat.seat_no, seat.seat]));
    const asked = wish.seats?.every((name) =>
      seats.some(({ seatNo }) => names.get(seatNo) === name),
    );
    if (
      seats.length === wishSize(wish) &&
      (asked !== false ||
        moved.has(request.request_id) ||
        seats.some(({ seatNo }) => !names.has(seatNo)))
    )
      continue;
    findings.add({
      rule: 'I4',
      where: show.where,
      text: `request ${request.request_id} asked for ${wishSize(wish)} seats and holds ${seats.length}`,
      rows: [`request(${request.request_id})`, `reservation(${request.request_id})`],
      cause: 'a decision was written in part, or its reservation is gone',
    });
  }
  const requests = new Set(granted.map((row) => row.request_id));
  for (const row of show.reservations) {
    if (requests.has(row.reservation_id)) continue;
    findings.add({
      rule: 'I4',
      where: show.where,
      text: `reservation ${row.reservation_id} has no granted request`,
      rows: [`reservation(${row.reservation_id})`],
      cause: 'the reservation was written without its decision',
    });
  }
}

function checkTickets(show: ShowRows, findings: Findings): void {
  const confirmed = new Set(
    show.bookings.filter((row) => row.state === 'CONFIRMED').map((row) => row.booking_id),
  );
  const sold = new Map(
    show.seats
      .filter((seat) => seat.state === 'BOOKED')
      .map((seat) => [seat.seat_no, seat.reservation_id]),
  );
  const live = show.tickets.filter((row) => liveTickets.includes(row.state));
  findings.checked('I31', live.length + sold.size);
  const add = (text: string, rows: string[], cause: string) =>
    findings.add({ rule: 'I31', where: show.where, text, rows, cause });
  for (const ticket of live) {
    const row = `ticket(${ticket.booking_id}, ${ticket.seat_no})`;
    if (!confirmed.has(ticket.booking_id)) {
      add(
        `a live ticket of booking ${ticket.booking_id}, which is not confirmed`,
        [row],
        'a cancelled booking kept its tickets, or a ticket was written without its booking',
      );
    }
    if (sold.get(ticket.seat_no) !== ticket.booking_id) {
      add(
        `the live ticket for seat ${ticket.seat_no} does not have its seat`,
        [row, `show_seat(${ticket.seat_no})`],
        'the seat was freed or sold again without voiding the ticket',
      );
    }
    sold.delete(ticket.seat_no);
  }
  for (const [seatNo, owner] of sold) {
    add(
      `seat ${seatNo} is booked without a live ticket`,
      [`show_seat(${seatNo})`, `booking(${owner})`],
      'settling a payment wrote the seat but not the ticket',
    );
  }
}

function checkQuotas(show: ShowRows, findings: Findings): void {
  const has = new Map<string, number>();
  const count = (fanId: string, seats: number) => has.set(fanId, (has.get(fanId) ?? 0) + seats);
  for (const row of show.reservations) {
    if (activeReservations.includes(row.state)) count(row.fan_id, reservedSeats(row).length);
  }
  const tickets = groupBy(
    show.tickets.filter((row) => liveTickets.includes(row.state)),
    (row) => row.booking_id,
  );
  for (const row of show.bookings) {
    if (row.state === 'CONFIRMED') count(row.fan_id, tickets.get(row.booking_id)?.length ?? 0);
  }
  const quotas = new Map(show.quotas.map((row) => [row.fan_id, row.taken]));
  findings.checked('I38', new Set([...has.keys(), ...quotas.keys()]).size);
  for (const fanId of new Set([...has.keys(), ...quotas.keys()])) {
    const seats = has.get(fanId) ?? 0;
    const taken = quotas.get(fanId) ?? 0;
    if (seats === taken && seats <= show.head.seat_cap) continue;
    findings.add({
      rule: 'I38',
      where: show.where,
      text: `fan ${fanId} has ${seats} seats, the quota row says ${taken}, the cap is ${show.head.seat_cap}`,
      rows: [`quota(${fanId})`],
      cause: 'the quota was not locked with the decision, or was returned twice or never',
    });
  }
}
