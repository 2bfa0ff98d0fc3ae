import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { fields, moneyText, table } from '../out.js';
import { momentOf } from '../time.js';
import { addShowCancel } from './show-cancel.js';
import { addShowChange } from './show-change.js';
import { addShowPrice, pricesOf } from './show-price.js';

const showSchema = z
  .object({
    show_id: z.string(),
    sale_id: z.string(),
    state: z.string(),
    movie: z.object({ movie_id: z.string(), title: z.string() }),
    cinema: z.object({ cinema_id: z.string(), name: z.string(), city: z.string() }).loose(),
    hall: z.string(),
    starts_at: z.string(),
    available_seats: z.number(),
    price_from: z.number(),
    currency: z.string(),
  })
  .loose();
type Show = z.infer<typeof showSchema>;
const listSchema = z.object({ results: z.array(showSchema) });

export function addShowCommands(program: Command, session: Session): void {
  const show = addNoun(program, 'show', 'shows: one film, one hall, one start');
  addCommand(show, session, {
    usage: 'list',
    summary: 'list shows by their start',
    examples: [
      'usher show list --sale premiere',
      'usher show list --city Mumbai --movie dune --json',
    ],
    options: (command) =>
      command
        .option('--sale <sale>', 'only of this sale')
        .option('--movie <movie>', 'only of this movie')
        .option('--city <city>', 'only in this city, by key or name')
        .option('--past', 'also shows that have begun'),
    run: async ({ options, out, context }) => {
      const text = (name: string) =>
        options[name] === undefined ? undefined : String(options[name]);
      const query = {
        sale: text('sale'),
        movie: text('movie'),
        city: text('city'),
        past: options.past ? 'true' : undefined,
      };
      const { results } = await openClient(context).get('shows', listSchema, { query });
      out.result(results, () =>
        table(
          ['show', 'starts at', 'movie', 'cinema', 'hall', 'free', 'from', 'sale'],
          results.map((one) => [
            one.show_id,
            one.starts_at,
            one.movie.title,
            `${one.cinema.name}, ${one.cinema.city}`,
            one.hall,
            one.available_seats,
            moneyText(one.price_from, one.currency),
            one.sale_id,
          ]),
        ),
      );
      return undefined;
    },
  });
  addCommand(show, session, {
    usage: 'show <show>',
    summary: 'show one show',
    examples: ['usher show show 12'],
    run: async ({ args, out, context }) => {
      const found = await openClient(context).get(
        `shows/${encodeURIComponent(args[0] ?? '')}`,
        showSchema,
      );
      out.result(found, () => showText(found));
      return undefined;
    },
  });
  addCreate(show, session);
  addShowCancel(show, session);
  addShowPrice(show, session);
  addShowChange(show, session);
}

function addCreate(show: Command, session: Session): void {
  addCommand(show, session, {
    usage: 'create <key>',
    typedAs: { prices: '--price' },
    summary: 'make a show with the seats of its hall',
    examples: [
      'usher show create gala-2 --movie dune --hall regal-1 --sale gala --starts-at 2026-12-18T19:30:00+05:30 --currency INR --price standard=45000 --price premium=70000',
    ],
    options: (command) =>
      command
        .requiredOption('--movie <movie>', 'key of the movie')
        .requiredOption('--hall <hall>', 'key of the hall')
        .requiredOption('--sale <sale>', 'key of the sale that it is sold in')
        .requiredOption('--starts-at <time>', 'when it begins: +3d, or with an offset')
        .requiredOption('--currency <code>', 'such as INR')
        .requiredOption(
          '--price <zone=amount>',
          'price of a zone in minor units; once for each zone of the hall',
          (text: string, before: string[] | undefined) => [...(before ?? []), text],
        ),
    run: async ({ args, options, out, context }) => {
      const body = {
        key: args[0],
        movie: options.movie,
        hall: options.hall,
        sale: options.sale,
        starts_at: momentOf(String(options.startsAt), Date.now()),
        currency: options.currency,
        prices: pricesOf(options.price as string[], '--price'),
      };
      const made = await openClient(context).post('shows', showSchema, { body });
      out.result(made, () => showText(made));
      return undefined;
    },
  });
}

function showText(show: Show): string {
  return fields([
    ['show', show.show_id],
    ['state', show.state],
    ['movie', show.movie.title],
    ['cinema', `${show.cinema.name}, ${show.cinema.city}`],
    ['hall', show.hall],
    ['starts at', show.starts_at],
    ['sale', show.sale_id],
    ['free seats', show.available_seats],
    ['from', moneyText(show.price_from, show.currency)],
  ]);
}
