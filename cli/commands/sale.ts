import { type Command, Option } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { exitCodes, wrongUsage } from '../exit.js';
import type { TypedAs } from '../options.js';
import { table } from '../out.js';
import { type Sale, saleSchema, saleTable, saleText } from '../sale-text.js';
import { momentOf, rateOf, wholeOf } from '../time.js';
import { addSaleProof } from './proof.js';
import { addSaleDoor } from './sale-door.js';
import { addSaleRehearse } from './sale-rehearse.js';
import { addSaleRelease } from './sale-release.js';
import { addSaleRoom } from './sale-room.js';
import { addRuleOptions, addSaleRules, rulesOf, rulesTypedAs } from './sale-rules.js';
import { addSaleWatch } from './sale-watch.js';

const listSchema = z.object({ results: z.array(saleSchema) });
const salePath = (saleId = '') => `sales/${encodeURIComponent(saleId)}`;

export function addSaleCommands(program: Command, session: Session): void {
  const sale = addNoun(program, 'sale', 'sales: their openings, their rooms, their pace');
  addReads(sale, session);
  addCreate(sale, session);
  addVerbs(sale, session);
  addNumbers(sale, session);
  addSaleRules(sale, session);
  addSaleRelease(sale, session);
  addSaleRoom(sale, session);
  addSaleDoor(sale, session);
  addSaleProof(sale, session);
  addSaleRehearse(sale, session);
  addSaleWatch(sale, session);
}

function addReads(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'list',
    summary: 'list all sales, those with a crowd first',
    examples: ['usher sale list', 'usher sale list --json'],
    run: async ({ out, context }) => {
      const { results } = await openClient(context).get('sales', listSchema);
      out.result(results, () => saleTable(results));
      return undefined;
    },
  });
  addCommand(sale, session, {
    usage: 'show <sale>',
    summary: 'show one sale',
    examples: ['usher sale show premiere'],
    run: async ({ args, out, context }) => {
      const found = await openClient(context).get(salePath(args[0]), saleSchema);
      out.result(found, () => saleText(found));
      return undefined;
    },
  });
  addCommand(sale, session, {
    usage: 'check <sale>',
    summary: 'see whether a sale is ready to open; exits 1 when it is not',
    examples: ['usher sale check premiere', 'usher sale check premiere --json'],
    run: async ({ args, out, context }) => {
      const report = await openClient(context).get(`${salePath(args[0])}/check`, checkSchema);
      out.result(report, () =>
        [
          table(
            ['check', '', 'found'],
            report.checks.map((one) => [one.check, one.ok ? 'ok' : 'NO', one.detail]),
          ),
          ...report.checks.flatMap((one) => (one.fix ? [`${one.check}: ${one.fix}`] : [])),
          report.ready ? 'Ready to open.' : 'Not ready.',
        ].join('\n'),
      );
      return report.ready ? exitCodes.done : exitCodes.refused;
    },
  });
}

const checkSchema = z.object({
  sale_id: z.string(),
  ready: z.boolean(),
  checks: z.array(
    z.object({
      check: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      fix: z.string().nullable(),
    }),
  ),
});

function addCreate(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'create <sale>',
    typedAs: { key: '<sale>', ...rulesTypedAs },
    summary: 'make a sale; its shows are added with `usher show create` or `usher import`',
    examples: [
      'usher sale create gala --name "Gala night" --opens-at 2026-12-18T09:00:00+05:30 --rate 600/min --pass-cap 500',
      'usher sale create box-office --name "Box office" --standing',
    ],
    options: (command) =>
      addRuleOptions(command)
        .requiredOption('--name <text>', 'what fans see')
        .option('--opens-at <time>', 'when it opens: +10m, or with an offset')
        .option('--lobby-opens-at <time>', 'when its lobby opens; without it, at once')
        .addOption(
          new Option('--lobby <kind>', 'how the line is made').choices(['arrival', 'draw']),
        )
        .option('--standing', 'nobody waits: for ordinary shows')
        .option('--rate <n/min>', 'how many are admitted a minute')
        .option('--pass-cap <n>', 'how many passes may be live at once')
        .option('--hold-seconds <n>', 'how long a reservation holds its seats')
        .option('--hold-limit-seconds <n>', 'the most that extending can make of it')
        .option('--payment-seconds <n>', 'time that each payment gets, however short the hold')
        .option('--booking-fee <n>', 'added to each seat, in minor units')
        .option('--tax-rate <n>', 'tax in the prices, in hundredths of a percent')
        .option('--message <text>', 'shown to everybody in the room')
        .option('--waitlist', 'who finds a show full is put in line')
        .option('--offer-seconds <n>', 'how long an offer to the line lasts'),
    run: async ({ args, options, out, context }) => {
      const body = { key: args[0], ...newSaleOf(options, Date.now()) };
      const made = await openClient(context).post('sales', saleSchema, { body });
      out.result(made, () => saleText(made));
      return undefined;
    },
  });
}

/** Only what was given: the importer knows the defaults. */
function newSaleOf(options: Record<string, unknown>, nowMs: number): Record<string, unknown> {
  const given = <T>(name: string, read: (text: string) => T): T | undefined =>
    options[name] === undefined ? undefined : read(String(options[name]));
  const whole = (name: string, option: string) => given(name, (text) => wholeOf(text, option));
  return {
    name: options.name,
    opens_at: given('opensAt', (text) => momentOf(text, nowMs)),
    lobby_opens_at: given('lobbyOpensAt', (text) => momentOf(text, nowMs)),
    lobby: options.lobby,
    standing: options.standing,
    rate_per_minute: given('rate', rateOf),
    pass_cap: whole('passCap', '--pass-cap'),
    ...rulesOf(options),
    ...(options.refundUntil === 'none' ? { refund: undefined } : {}),
    hold_seconds: whole('holdSeconds', '--hold-seconds'),
    hold_limit_seconds: whole('holdLimitSeconds', '--hold-limit-seconds'),
    payment_seconds: whole('paymentSeconds', '--payment-seconds'),
    booking_fee: given('bookingFee', (text) => wholeOf(text, '--booking-fee', 0)),
    tax_rate_bp: given('taxRate', (text) => wholeOf(text, '--tax-rate', 0)),
    message: options.message,
    ...waitlistOf(options),
  };
}

function waitlistOf(options: Record<string, unknown>): Record<string, unknown> {
  const { waitlist, offerSeconds } = options;
  if (waitlist !== true && offerSeconds === undefined) return {};
  return {
    waitlist:
      offerSeconds === undefined ? {} : { offer_seconds: wholeOf(offerSeconds, '--offer-seconds') },
  };
}

type Verb = {
  usage: string;
  summary: string;
  examples: string[];
  options?: (command: Command) => void;
  typedAs?: TypedAs;
  /** The body that the verb sends. */
  body: (args: string[], options: Record<string, unknown>) => unknown;
  told: (sale: Sale) => string;
};

/** A command that changes one sale: it may be held to the version that was seen. */
function addChange(sale: Command, session: Session, verb: Verb): void {
  const name = verb.usage.split(' ')[0] ?? '';
  addCommand(sale, session, {
    ...verb,
    options: (command) => {
      verb.options?.(command);
      command.option('--if-version <n>', 'refuse when the sale has another version by now');
    },
    run: async ({ args, options, out, context }) => {
      const body = verb.body(args, options);
      const ifMatch =
        options.ifVersion === undefined
          ? undefined
          : String(wholeOf(options.ifVersion, '--if-version'));
      const path = `${salePath(args[0])}/${name}`;
      const changed = await openClient(context).post(path, saleSchema, { body, ifMatch });
      out.result(changed, () => verb.told(changed));
      return undefined;
    },
  });
}

function addVerbs(sale: Command, session: Session): void {
  const plain = [
    ['open', 'open a sale now', (one: Sale) => `${one.sale_id} is open.`],
    ['pause', 'take no requests until resumed', (one: Sale) => `${one.sale_id} is paused.`],
    ['resume', 'go on after a pause', (one: Sale) => `${one.sale_id} is ${one.state} again.`],
    ['close', 'end a sale, until it is reopened', (one: Sale) => `${one.sale_id} is closed.`],
    ['reopen', 'take back a closing or a draining', (one: Sale) => `${one.sale_id} is open again.`],
    [
      'drain',
      'give nobody new a place, and serve those who have one',
      (one: Sale) => `${one.sale_id} takes nobody new; its line is served. Back: sale reopen.`,
    ],
  ] as const;
  for (const [name, summary, told] of plain) {
    addChange(sale, session, {
      usage: `${name} <sale>`,
      summary,
      examples: [`usher sale ${name} premiere`, `usher sale ${name} premiere --if-version 4`],
      body: () => ({}),
      told,
    });
  }
  addChange(sale, session, {
    usage: 'delay <sale>',
    summary: 'move an opening that is still to come',
    examples: [
      'usher sale delay premiere --to +10m',
      'usher sale delay premiere --to 2026-12-18T09:30:00+05:30',
    ],
    options: (command) => command.requiredOption('--to <time>', 'the new opening'),
    body: (_args, options) => ({ to: momentOf(String(options.to), Date.now()) }),
    told: (one) => `${one.sale_id} opens at ${one.opens_at}.`,
  });
}

function addNumbers(sale: Command, session: Session): void {
  addChange(sale, session, {
    usage: 'rate <sale> <rate>',
    typedAs: { no_show_percent: '--no-shows' },
    summary: 'change how many are admitted a minute',
    examples: [
      'usher sale rate premiere 600/min',
      'usher sale rate premiere 10/s --no-shows 20',
      'usher sale rate premiere 10/s --no-shows 0',
    ],
    options: (command) =>
      command.option(
        '--no-shows <percent>',
        'go that far above to make up for those who stay away',
      ),
    body: (args, options) => ({
      rate_per_minute: rateOf(args[1] ?? ''),
      // Commander takes `--no-…` for the denial of an option named `shows`.
      no_show_percent:
        typeof options.shows === 'string' ? wholeOf(options.shows, '--no-shows', 0) : undefined,
    }),
    told: (one) => `${one.sale_id} admits ${one.rate_per_minute} a minute.`,
  });
  addChange(sale, session, {
    usage: 'pass-cap <sale> <n>',
    summary: 'change how many passes may be live at once',
    examples: ['usher sale pass-cap premiere 400'],
    body: (args) => ({ pass_cap: wholeOf(args[1], 'The pass cap') }),
    told: (one) => `${one.sale_id} has at most ${one.pass_cap} live passes.`,
  });
  addChange(sale, session, {
    usage: 'message <sale> <text>',
    summary: 'tell everybody in the room something; an empty text takes it back',
    examples: [
      'usher sale message premiere "More seats follow at 10:00"',
      'usher sale message premiere ""',
    ],
    body: (args) => {
      if (args[1] === undefined) throw wrongUsage('Give the text in quotes; "" takes it back.');
      return { message: args[1] };
    },
    told: (one) =>
      one.message ? `The room of ${one.sale_id} reads: ${one.message}` : 'Taken back.',
  });
}
