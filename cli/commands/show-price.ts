import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { moneyText, table } from '../out.js';

const pricesSchema = z.object({
  show_id: z.string(),
  currency: z.string(),
  price_version: z.number(),
  percent: z.number(),
  zones: z.array(z.object({ zone: z.string(), price: z.number(), price_now: z.number() })),
});

/** `zone=amount` pairs as an object. @throws CliError (exit 2). */
export function pricesOf(list: string[], option: string): Record<string, number> {
  return Object.fromEntries(
    list.map((text) => {
      const match = /^(.+)=(\d{1,9})$/.exec(text);
      if (match?.[1] === undefined)
        throw wrongUsage(`${option} ${text}: write zone=amount, up to 999999999.`);
      return [match[1], Number(match[2])];
    }),
  );
}

export function addShowPrice(show: Command, session: Session): void {
  addCommand(show, session, {
    usage: 'price <show>',
    typedAs: { prices: '--set' },
    summary: 'list the prices of a show, or change those of zones for seats that nobody has',
    examples: ['usher show price 12', 'usher show price 12 --set balcony=48000 --set stalls=35000'],
    options: (command) =>
      command.option(
        '--set <zone=amount>',
        'new price of a zone in minor units',
        (text: string, before: string[] | undefined) => [...(before ?? []), text],
      ),
    run: async ({ args, options, out, context }) => {
      const client = openClient(context);
      const path = `shows/${encodeURIComponent(args[0] ?? '')}/prices`;
      const list = options.set as string[] | undefined;
      const told =
        list === undefined
          ? await client.get(path, pricesSchema)
          : await client.post(path, pricesSchema, { body: { prices: pricesOf(list, '--set') } });
      out.result(told, () =>
        [
          table(
            ['zone', 'price', 'now'],
            told.zones.map(({ zone, price, price_now }) => [
              ...[zone, moneyText(price, told.currency), moneyText(price_now, told.currency)],
            ]),
          ),
          `Version ${told.price_version}; the rules of the sale make them ${told.percent} %.`,
        ].join('\n'),
      );
      return undefined;
    },
  });
}
