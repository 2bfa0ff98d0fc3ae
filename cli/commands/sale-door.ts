import { type Command, Option } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { table } from '../out.js';
import { momentOf, wholeOf } from '../time.js';

const codeSchema = z.object({
  code: z.string(),
  kind: z.string(),
  uses: z.number(),
  uses_max: z.number(),
  created_at: z.string(),
  ended_at: z.string().nullable(),
});
type Code = z.infer<typeof codeSchema>;
const codesSchema = z.object({ results: z.array(codeSchema) });
const changedSchema = z.object({ sale_id: z.string() }).loose();

const pathOf = (saleId = '', rest: string) => `sales/${encodeURIComponent(saleId)}/${rest}`;

/** Who may join a sale and what joining takes. */
export function addSaleDoor(sale: Command, session: Session): void {
  addPow(sale, session);
  addShare(sale, session);
  addPresale(sale, session);
  addCodes(sale, session);
}

function addPow(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'pow <sale> [off]',
    summary: 'ask for work before joining: the larger the number, the longer it takes',
    examples: [
      'usher sale pow premiere --difficulty 50000',
      'usher sale pow premiere --difficulty 400000',
      'usher sale pow premiere off',
    ],
    options: (command) => command.option('--difficulty <n>', 'half of it is tried on average'),
    run: async ({ args, options, out, context }) => {
      const off = args[1] === 'off' || options.difficulty === 'off';
      if (!off && options.difficulty === undefined) {
        throw wrongUsage('Say how hard: --difficulty N, or off.');
      }
      const difficulty = off ? 0 : wholeOf(options.difficulty, '--difficulty');
      const body = { difficulty };
      const done = await openClient(context).post(pathOf(args[0], 'pow'), changedSchema, { body });
      out.result({ ...done, pow_difficulty: difficulty }, () =>
        off ? `Joining ${done.sale_id} takes no work.` : `Work up to ${difficulty} from now on.`,
      );
      return undefined;
    },
  });
}

function addShare(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'priority-share <sale> <percent>',
    summary: 'how much of the rate serves fans with a staff or accessibility code',
    examples: ['usher sale priority-share premiere 20', 'usher sale priority-share premiere 0'],
    run: async ({ args, out, context }) => {
      const percent = wholeOf(args[1], 'The percentage');
      const path = pathOf(args[0], 'priority-share');
      const done = await openClient(context).post(path, changedSchema, { body: { percent } });
      out.result({ ...done, priority_share: percent }, () => `${percent} % of the rate.`);
      return undefined;
    },
  });
}

function addPresale(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'presale <sale> [off]',
    summary: 'let only holders of a code join, up to a time',
    examples: ['usher sale presale premiere --until +30m', 'usher sale presale premiere off'],
    options: (command) => command.option('--until <time>', 'when everybody may join'),
    run: async ({ args, options, out, context }) => {
      if (args[1] !== 'off' && options.until === undefined) {
        throw wrongUsage('Say how long: --until TIME, or off.');
      }
      const until = args[1] === 'off' ? null : momentOf(String(options.until), Date.now());
      const path = pathOf(args[0], 'presale');
      const done = await openClient(context).post(path, changedSchema, { body: { until } });
      out.result({ ...done, presale_until: until }, () =>
        until === null ? 'Everybody may join.' : `Only with a code until ${until}.`,
      );
      return undefined;
    },
  });
}

function addCodes(sale: Command, session: Session): void {
  const code = addNoun(sale, 'code', 'codes for a presale, or for a share of the rate');
  addCommand(code, session, {
    usage: 'create <sale>',
    summary: 'make a code; without --code, one that nobody guesses',
    examples: [
      'usher sale code create premiere --kind presale --uses 500 --code MEMBERS-2026',
      'usher sale code create premiere --kind accessibility',
    ],
    options: (command) =>
      command
        .addOption(
          new Option('--kind <kind>', 'what it opens')
            .choices(['presale', 'staff', 'accessibility'])
            .makeOptionMandatory(),
        )
        .option('--uses <n>', 'by how many fans; without it, one')
        .option('--code <text>', 'letters and digits'),
    run: async ({ args, options, out, context }) => {
      const body = {
        kind: options.kind,
        code: options.code,
        uses_max: options.uses === undefined ? undefined : wholeOf(options.uses, '--uses'),
      };
      const made = await openClient(context).post(pathOf(args[0], 'codes'), codeSchema, { body });
      out.result(made, () => `${made.code} (${made.kind}, ${made.uses_max} uses)`);
      return undefined;
    },
  });
  addCommand(code, session, {
    usage: 'list <sale>',
    summary: 'list the codes of a sale and how often each was used',
    examples: ['usher sale code list premiere'],
    run: async ({ args, out, context }) => {
      const { results } = await openClient(context).get(pathOf(args[0], 'codes'), codesSchema);
      out.result(results, () => table(['code', 'kind', 'used', 'of', ''], results.map(codeRow)));
      return undefined;
    },
  });
  addCommand(code, session, {
    usage: 'end <sale> <code>',
    summary: 'end a code for those who have not used it',
    examples: ['usher sale code end premiere MEMBERS-2026'],
    run: async ({ args, out, context }) => {
      const body = { code: args[1] };
      const path = pathOf(args[0], 'codes/end');
      const ended = await openClient(context).post(path, codeSchema, { body });
      out.result(ended, () => `${ended.code} has ended; ${ended.uses} had used it.`);
      return undefined;
    },
  });
}

function codeRow(code: Code): string[] {
  const { uses, uses_max, ended_at } = code;
  return [code.code, code.kind, String(uses), String(uses_max), ended_at ? 'ended' : ''];
}
