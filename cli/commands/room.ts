import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { fields, table } from '../out.js';

const roomSchema = z.object({
  sale_id: z.string(),
  name: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  lobby: z.string(),
  draining: z.boolean(),
  epoch: z.number(),
  now_serving: z.number(),
  waiting: z.number(),
  away: z.number().nullable(),
  rate_per_minute: z.number(),
  rate_set_per_minute: z.number(),
  line_per_minute: z.number(),
  pace_percent: z.number(),
  no_show_percent: z.object({ measured: z.number().nullable(), bound: z.number() }),
  passes_live: z.number().nullable(),
  pass_cap: z.number(),
  seats_left: z.number().nullable(),
  seats_held: z.number().nullable(),
  message: z.string(),
  caught: z.record(z.string(), z.number()),
});
type Room = z.infer<typeof roomSchema>;

/** The waiting room of a sale as it is now, with what its door has caught. */
export function addRoomCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'room <sale>',
    summary: 'see a waiting room: its line, its pace, why it is slow, what its door caught',
    examples: ['usher room premiere', 'usher room premiere --json'],
    run: async ({ args, out, context }) => {
      const path = `sales/${encodeURIComponent(args[0] ?? '')}/room`;
      const room = await openClient(context).get(path, roomSchema);
      out.result(room, () => roomText(room));
      return undefined;
    },
  });
}

const reasons: Record<string, string> = {
  paused: 'staff have paused the sale',
  restoring: 'the room is being restored from receipts',
  closed: 'the sale is closed',
  seats_held: 'every seat is held; those that are not paid come back',
  lanes: 'requests wait long for their decision',
  shard: 'a shard answers slowly or not at all',
  payments: 'the payment provider takes no more',
  pass_cap: 'as many passes are live as the pass cap allows',
  draining: 'the room takes nobody new',
};

const catches: Record<string, string> = {
  pow_asked: 'asked for work',
  pow_missing: 'came without work',
  pow_passed: 'work done',
  pow_failed: 'wrong work',
  pow_replayed: 'work shown twice',
  code_used: 'codes used',
  code_refused: 'wrong codes',
  code_missing: 'came without a code',
  slowed: 'joins slowed down',
  endless: 'joins of banned accounts',
  barred: 'joins of fans who were put out',
};

export function roomText(room: Room): string {
  const { no_show_percent: noShows } = room;
  const caught = Object.entries(room.caught).filter(([, count]) => count > 0);
  return [
    fields([
      ['sale', `${room.name} (${room.sale_id})`],
      ['state', room.draining ? `${room.state}, draining` : room.state],
      ['slow because', room.reason === null ? null : (reasons[room.reason] ?? room.reason)],
      ['line by', room.lobby === 'draw' ? 'draw, then arrival' : 'arrival'],
      ['now serving', room.now_serving],
      ['waiting', room.waiting],
      ['away', room.away],
      ['rate', `${room.rate_per_minute} a minute, set to ${room.rate_set_per_minute}`],
      ['line moves', `${room.line_per_minute} places a minute`],
      ['pace', `${room.pace_percent} % of the rate`],
      ['no-shows', noShowText(noShows)],
      ['passes', `${room.passes_live ?? '?'} live of at most ${room.pass_cap}`],
      ['seats left', room.seats_left],
      ['seats held', room.seats_held],
      ['epoch', room.epoch],
      ['message', room.message],
    ]),
    '',
    caught.length === 0
      ? 'The door has caught nothing.'
      : table(
          ['the door', 'count'],
          caught.map(([kind, count]) => [catches[kind] ?? kind, count]),
        ),
  ].join('\n');
}

function noShowText({ measured, bound }: Room['no_show_percent']): string {
  const seen = measured === null ? 'not known yet' : `${measured} %`;
  return bound === 0 ? `${seen}, not made up for` : `${seen}, made up for by ${bound} % at most`;
}
