import type { Command } from 'commander';
import { z } from 'zod';
import { openClient, type StaffClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { exitCodes, refused, wrongUsage } from '../exit.js';
import { fields, moneyText, table } from '../out.js';

const listSchema = z.object({
  results: z.array(
    z.object({
      kind: z.string(),
      id: z.string(),
      state: z.string(),
      problem: z.string().nullable(),
      show_id: z.string().nullable(),
      reservation_id: z.string().nullable(),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
      since: z.string(),
      detail: z.string(),
    }),
  ),
});
const closeSchema = z.object({
  day: z.string(),
  state: z.string(),
  finished_at: z.string().nullable(),
  charges: z.number(),
  refunds: z.number(),
  differences: z.number(),
  totals: z.array(
    z.object({
      currency: z.string(),
      charged_ours: z.number(),
      charged_theirs: z.number(),
      refunded_ours: z.number(),
      refunded_theirs: z.number(),
      disputed_ours: z.number(),
      disputed_theirs: z.number(),
    }),
  ),
  error: z.string().nullable(),
});
type Close = z.infer<typeof closeSchema>;

const waitMsMax = 600_000;
const pauseMs = 500;

const paidSchema = z.object({
  refund_id: z.string(),
  amount: z.number(),
  currency: z.string(),
  in_till: z.boolean(),
  till_problem: z.string().nullable(),
});

export function addPaymentCommands(program: Command, session: Session): void {
  const payment = addNoun(program, 'payment', 'the books: what is unsettled, and the daily close');
  addList(payment, session);
  addReconcile(payment, session);
  addCommand(payment, session, {
    usage: 'retry <refund>',
    summary: 'make a refund that failed once more',
    examples: ['usher payment retry rfd_3f_1k9_1'],
    run: async ({ args, out, context }) => {
      const path = `refunds/${encodeURIComponent(args[0] ?? '')}/retry`;
      const schema = z.object({ refund_id: z.string(), amount: z.number(), currency: z.string() });
      const done = await openClient(context).post(path, schema, { body: {} });
      out.result(done, () => `${done.refund_id}: ${moneyText(done.amount, done.currency)} is due`);
      return undefined;
    },
  });
  addCommand(payment, session, {
    usage: 'paid <refund>',
    summary: 'note that a refund which waits at the desk was handed to its fan',
    examples: ['usher payment paid rfd_3f_1k9_1'],
    run: async ({ args, out, context }) => {
      const path = `refunds/${encodeURIComponent(args[0] ?? '')}/paid`;
      const done = await openClient(context).post(path, paidSchema, { body: {} });
      out.result(done, () => {
        const till = done.in_till ? 'from your till' : 'from no till';
        const why = done.till_problem ? `. ${done.till_problem}` : '';
        return `${done.refund_id}: ${moneyText(done.amount, done.currency)} is paid, ${till}${why}`;
      });
      return undefined;
    },
  });
  addCommand(payment, session, {
    usage: 'resolve <issue>',
    summary: 'take an issue off the work list, when somebody has dealt with it',
    examples: ['usher payment resolve 17 --note "refunded at the provider, fan was told"'],
    options: (command) => command.requiredOption('--note <text>', 'what was done, for the audit'),
    run: async ({ args, options, out, context }) => {
      const path = `payments/issues/${encodeURIComponent(args[0] ?? '')}/resolve`;
      const body = { note: options.note };
      await openClient(context).post(path, z.object({}), { body });
      out.result({ issue: args[0], resolved: true }, () => `issue ${args[0]} is off the list`);
      return undefined;
    },
  });
}

function addList(payment: Command, session: Session): void {
  addCommand(payment, session, {
    usage: 'list',
    summary:
      'list open payments, refunds that are not made, disputes, and differences of the daily close',
    examples: ['usher payment list --unsettled', 'usher payment list --unsettled --json'],
    options: (command) =>
      command.option('--unsettled', 'what a person must look at; the only list there is', true),
    run: async ({ out, context }) => {
      const query = { unsettled: 'true' };
      const { results } = await openClient(context).get('payments', listSchema, { query });
      out.result(results, () =>
        table(
          ['what', 'id', 'state', 'problem', 'reservation', 'amount', 'since', 'detail'],
          results.map((one) => [
            one.kind,
            one.id,
            one.state,
            one.problem,
            one.reservation_id,
            one.amount === null || one.currency === null
              ? null
              : moneyText(one.amount, one.currency),
            one.since,
            one.detail,
          ]),
        ),
      );
      return undefined;
    },
  });
}

function addReconcile(payment: Command, session: Session): void {
  addCommand(payment, session, {
    usage: 'reconcile',
    summary:
      'compare every charge, refund and dispute of a day with our books; exits 1 when they differ',
    examples: ['usher payment reconcile', 'usher payment reconcile --day 2026-05-09 --json'],
    options: (command) =>
      command.option('--day <day>', 'a day in UTC, such as 2026-05-09 (default: today)'),
    run: async ({ options, out, context }) => {
      const day = String(options.day ?? new Date().toISOString().slice(0, 10));
      if (!/^\d{4}-\d\d-\d\d$/.test(day)) throw wrongUsage('--day: write it as 2026-05-09.');
      const client = openClient(context);
      const asked = await client.post('payments/reconcile', closeSchema, { body: { day } });
      const close = await untilDone(client, asked);
      out.result(close, () => closeText(close));
      return close.differences > 0 ? exitCodes.refused : exitCodes.done;
    },
  });
}

async function untilDone(client: StaffClient, asked: Close): Promise<Close> {
  const deadline = performance.now() + waitMsMax;
  let close = asked;
  while (close.state !== 'done') {
    if (close.error !== null) throw refused('not_now', `The day cannot be closed: ${close.error}`);
    if (performance.now() > deadline) {
      throw refused(
        'not_now',
        `The close of ${asked.day} is asked for, but not done yet. Repeat this later; if it never is, look with \`./usher status\` whether a processor runs.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    close = await client.get(`payments/reconcile/${asked.day}`, closeSchema);
  }
  return close;
}

function closeText(close: Close): string {
  return [
    fields([
      ['day', close.day],
      ['charges', close.charges],
      ['refunds', close.refunds],
      ['differences', close.differences],
    ]),
    table(
      ['currency', 'what', 'ours', 'theirs'],
      close.totals.flatMap(({ currency, ...one }) => [
        [currency, 'charged', ...both(one.charged_ours, one.charged_theirs, currency)],
        [currency, 'refunded', ...both(one.refunded_ours, one.refunded_theirs, currency)],
        [currency, 'disputed', ...both(one.disputed_ours, one.disputed_theirs, currency)],
      ]),
    ),
  ].join('\n\n');
}

function both(ours: number, theirs: number, currency: string): string[] {
  return [moneyText(ours, currency), moneyText(theirs, currency)];
}
