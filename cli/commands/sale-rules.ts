import { type Command, Option } from 'commander';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { saleSchema, saleText } from '../sale-text.js';
import { wholeOf } from '../time.js';

/** What fans of a sale may choose and have: options of making a sale and of changing it. */
export function addRuleOptions(command: Command): Command {
  const rule = 'a choice may leave a single seat alone: always, if unavoidable, never';
  return command
    .option('--seat-cap <n>', 'seats per fan and show')
    .option('--sale-cap <n>', 'seats per fan over all shows of the sale, or `none`')
    .option('--card-cap <n>', 'seats of the sale that one card may pay for, or `none`')
    .option('--price-rules <json>', 'how prices move, as in a catalog file, or `none`')
    .option('--refund-until <hours>', 'tickets are taken back until so long before, or `none`')
    .option('--refund-fee <percent>', 'what is kept of their price then')
    .addOption(new Option('--orphan-rule <rule>', rule).choices(['off', 'lenient', 'strict']));
}

/** Only what was given. @throws CliError (exit 2). */
export function rulesOf(options: Record<string, unknown>): Record<string, unknown> {
  const whole = (name: string, option: string) =>
    options[name] === undefined ? undefined : wholeOf(String(options[name]), option);
  return {
    seat_cap: whole('seatCap', '--seat-cap'),
    sale_cap: options.saleCap === 'none' ? null : whole('saleCap', '--sale-cap'),
    card_cap: options.cardCap === 'none' ? null : whole('cardCap', '--card-cap'),
    orphan_rule: options.orphanRule,
    price_rules: priceRulesOf(options.priceRules),
    refund: refundOf(options),
  };
}

/** Where the options of `addRuleOptions` stand for other names of the api. */
export const rulesTypedAs = {
  until_hours_before: '--refund-until',
  fee_percent: '--refund-fee',
};

function refundOf({ refundUntil, refundFee }: Record<string, unknown>): unknown {
  if (refundUntil === undefined) {
    if (refundFee === undefined) return undefined;
    throw wrongUsage('--refund-fee goes with --refund-until.');
  }
  if (refundUntil === 'none') return null;
  return {
    until_hours_before: wholeOf(refundUntil, '--refund-until', 0),
    fee_percent: refundFee === undefined ? 0 : wholeOf(refundFee, '--refund-fee', 0),
  };
}

function priceRulesOf(text: unknown): unknown {
  if (text === undefined || text === 'none') return text && null;
  try {
    return JSON.parse(String(text));
  } catch {
    throw wrongUsage('--price-rules takes JSON, such as the list of a catalog file, or `none`.');
  }
}

export function addSaleRules(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'rules <sale>',
    typedAs: rulesTypedAs,
    summary: 'change caps, and the rules on single seats, prices and refunds',
    examples: [
      'usher sale rules premiere --orphan-rule strict',
      'usher sale rules premiere --seat-cap 6 --sale-cap 12',
      'usher sale rules premiere --refund-until 24 --refund-fee 10',
      `usher sale rules premiere --price-rules '{"ceiling_percent":130,"step":500,"by_share_sold":[{"from_percent":70,"change_percent":15}]}'`,
    ],
    options: (command) =>
      addRuleOptions(command).option('--if-version <n>', 'refuse when it has another version'),
    run: async ({ args, options, out, context }) => {
      const body = rulesOf(options);
      if (Object.values(body).every((rule) => rule === undefined)) {
        throw wrongUsage('Name at least one rule, such as --seat-cap 6.');
      }
      const { ifVersion } = options;
      const ifMatch =
        ifVersion === undefined ? undefined : String(wholeOf(ifVersion, '--if-version'));
      const path = `sales/${encodeURIComponent(args[0] ?? '')}/rules`;
      const changed = await openClient(context).post(path, saleSchema, { body, ifMatch });
      out.result(changed, () => saleText(changed));
      return undefined;
    },
  });
}
