import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { table } from '../out.js';
import { saleSchema } from '../sale-text.js';
import { momentOf, wholeOf } from '../time.js';

const salePath = (saleId = '') => `sales/${encodeURIComponent(saleId)}`;

const scheduledSchema = z.object({
  release_id: z.number(),
  sale_id: z.string(),
  zone: z.string().nullable(),
  seats: z.number().nullable(),
  at: z.string(),
  by: z.string(),
  state: z.string(),
  released: z.number(),
});
const releasedSchema = z.object({
  sale_id: z.string(),
  released: z.number(),
  shows: z.array(z.object({ show_id: z.string(), seats: z.array(z.string()) })),
});
const doneSchema = z.union([releasedSchema, scheduledSchema]);

/** Tranches of a sale, and its waitlist: what becomes of seats after the opening. */
export function addSaleRelease(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'release <sale>',
    summary: 'put blocked seats on sale: a number over all shows, or those of a zone',
    examples: [
      'usher sale release premiere --seats 50',
      'usher sale release premiere --zone balcony --at 2026-12-18T10:00:00+05:30',
      'usher sale release premiere --zone balcony --seats 20 --at +30m',
    ],
    options: (command) =>
      command
        .option('--seats <n>', 'how many at most, over all shows by their start')
        .option('--zone <zone>', 'only seats of this zone')
        .option('--at <time>', 'when; without it, now'),
    run: async ({ args, options, out, context }) => {
      if (options.seats === undefined && options.zone === undefined) {
        throw wrongUsage('Say what to release: --seats N, --zone ZONE or both.');
      }
      const body = {
        zone: options.zone,
        seats: options.seats === undefined ? undefined : wholeOf(options.seats, '--seats'),
        at: options.at === undefined ? undefined : momentOf(String(options.at), Date.now()),
      };
      const path = `${salePath(args[0])}/release`;
      const done = await openClient(context).post(path, doneSchema, { body });
      out.result(done, () => ('shows' in done ? releasedText(done) : scheduledText(done)));
      return undefined;
    },
  });
  addReleases(sale, session);
  addWaitlist(sale, session);
}

function releasedText(done: z.infer<typeof releasedSchema>): string {
  const shows = done.shows.map((show) => `show ${show.show_id}: ${show.seats.join(', ')}`);
  return [`Released ${done.released} seats.`, ...shows].join('\n');
}

function scheduledText(one: z.infer<typeof scheduledSchema>): string {
  return `Release ${one.release_id} is due at ${one.at}.`;
}

function addReleases(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'releases <sale>',
    summary: 'list the scheduled releases of a sale, or take one back',
    examples: ['usher sale releases premiere', 'usher sale releases premiere --cancel 3'],
    options: (command) => command.option('--cancel <release>', 'take this one back first'),
    run: async ({ args, options, out, context }) => {
      const client = openClient(context);
      const path = `${salePath(args[0])}/releases`;
      if (options.cancel !== undefined) {
        await client.delete(`${path}/${wholeOf(options.cancel, '--cancel')}`, z.object({}));
      }
      const list = z.object({ results: z.array(scheduledSchema) });
      const { results } = await client.get(path, list);
      out.result(results, () =>
        table(
          ['release', 'due at', 'zone', 'seats', 'state', 'released', 'by'],
          results.map((one) => [
            ...[one.release_id, one.at, one.zone, one.seats, one.state, one.released, one.by],
          ]),
        ),
      );
      return undefined;
    },
  });
}

function addWaitlist(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'waitlist <sale>',
    summary: 'give a sale a waitlist, with the time that an offer lasts, or take it away',
    examples: [
      'usher sale waitlist premiere --offer-seconds 600',
      'usher sale waitlist premiere --offer-seconds 300 --stop-minutes 30',
      'usher sale waitlist premiere --off',
    ],
    options: (command) =>
      command
        .option('--offer-seconds <n>', 'how long an offer holds its seats')
        .option('--stop-minutes <n>', 'no offers so long before the show')
        .option('--off', 'no waitlist: full is sold out')
        .option('--if-version <n>', 'refuse when the sale has another version by now'),
    run: async ({ args, options, out, context }) => {
      if ((options.offerSeconds === undefined) === (options.off !== true)) {
        throw wrongUsage('Give either --offer-seconds N or --off.');
      }
      const body = {
        offer_seconds:
          options.off === true ? null : wholeOf(options.offerSeconds, '--offer-seconds'),
        ...(options.stopMinutes === undefined
          ? {}
          : { stop_minutes_before: wholeOf(options.stopMinutes, '--stop-minutes', 0) }),
      };
      const ifMatch =
        options.ifVersion === undefined
          ? undefined
          : String(wholeOf(options.ifVersion, '--if-version'));
      const path = `${salePath(args[0])}/waitlist`;
      const changed = await openClient(context).post(path, saleSchema, { body, ifMatch });
      out.result(changed, () =>
        body.offer_seconds === null
          ? `${changed.sale_id} has no waitlist.`
          : `${changed.sale_id} has a waitlist; an offer lasts ${body.offer_seconds} s.`,
      );
      return undefined;
    },
  });
}
