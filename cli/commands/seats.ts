import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { moneyText } from '../out.js';

const mapSchema = z.object({
  show_id: z.string(),
  version: z.number(),
  currency: z.string(),
  gate: z.string(),
  rows: z.array(
    z.object({
      row: z.string(),
      seats: z.array(
        z.object({
          seat: z.string(),
          x: z.number(),
          zone: z.string(),
          kind: z.string(),
          price: z.number(),
          state: z.string(),
        }),
      ),
    }),
  ),
});
export type SeatMap = z.infer<typeof mapSchema>;

export function addSeatsCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'seats <show>',
    summary: 'draw the seat map of a show',
    examples: ['usher seats 12', 'usher seats 12 --json'],
    run: async ({ args, out, context }) => {
      const path = `shows/${encodeURIComponent(args[0] ?? '')}/seats`;
      const map = await openClient(context).get(path, mapSchema);
      out.result(map, () => drawSeats(map));
      return undefined;
    },
  });
}

/** Each state has its own sign, so that no colour is needed; accessible places differ when free. */
const signs: Record<string, string> = { free: '.', held: '+', booked: '#', blocked: 'x' };
const accessibleSign = 'a';
const companionSign = 'c';

/** Rows from the screen back; a step in the grid without a seat is an aisle. */
export function drawSeats(map: SeatMap): string {
  const label = Math.max(3, ...map.rows.map((row) => row.row.length));
  const width = Math.max(1, ...map.rows.flatMap((row) => row.seats.map((seat) => seat.x))) + 1;
  const lines = map.rows.map((row) => {
    const cells = new Array<string>(width).fill(' ');
    for (const seat of row.seats) cells[seat.x] = signOf(seat);
    const picture = cells.join('');
    const zones = [...new Set(row.seats.map((seat) => seat.zone))].join(', ');
    return `${row.row.padStart(label)}  ${picture}  ${zones}`;
  });
  const screen = `${' '.repeat(label)}  ${'screen'.padStart(Math.floor((width + 6) / 2)).padEnd(width)}`;
  return [
    `show ${map.show_id}, version ${map.version}, gate ${map.gate}`,
    '',
    screen.trimEnd(),
    ...lines,
    '',
    legend(map),
    prices(map),
  ].join('\n');
}

type Seat = SeatMap['rows'][number]['seats'][number];

function signOf(seat: Seat): string {
  if (seat.state === 'free' && seat.kind === 'accessible') return accessibleSign;
  if (seat.state === 'free' && seat.kind === 'companion') return companionSign;
  return signs[seat.state] ?? '?';
}

function legend(map: SeatMap): string {
  const seats = map.rows.flatMap((row) => row.seats);
  const count = (state: string) => seats.filter((seat) => seat.state === state).length;
  return [
    `. free ${count('free')}   + held ${count('held')}   # booked ${count('booked')}   x blocked ${count('blocked')}`,
    `${accessibleSign} free accessible place   ${companionSign} free companion seat`,
  ].join('\n');
}

function prices(map: SeatMap): string {
  const byZone = new Map<string, Set<number>>();
  for (const { zone, price } of map.rows.flatMap((row) => row.seats)) {
    byZone.set(zone, (byZone.get(zone) ?? new Set()).add(price));
  }
  return [...byZone]
    .map(([zone, amounts]) => {
      const texts = [...amounts].sort((a, b) => a - b).map((one) => moneyText(one, map.currency));
      return `${zone}: ${texts.join(', ')}`;
    })
    .join('   ');
}
