import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { table } from '../out.js';

const laneSchema = z.object({
  lane: z.string(),
  shows: z.number(),
  waiting: z.number(),
  oldest_at: z.string().nullable(),
  next_request_id: z.string().nullable(),
  paused_by: z.string().nullable(),
  reason: z.string().nullable(),
});
const skippedSchema = z.object({ lane: z.string(), request_id: z.string(), show_id: z.string() });

export function addLaneCommands(program: Command, session: Session): void {
  const lane = addNoun(program, 'lane', 'where requests are decided, 16 in each shard');
  addCommand(lane, session, {
    usage: 'list',
    summary: 'list the lanes with their shows and what waits in them',
    examples: ['usher lane list', 'usher lane list --json'],
    run: async ({ out, context }) => {
      const schema = z.object({ results: z.array(laneSchema) });
      const { results } = await openClient(context).get('lanes', schema);
      out.result(results, () =>
        table(
          ['lane', 'shows', 'waiting', 'since', 'next', 'paused by', 'why'],
          results.map((one) => [
            ...[one.lane, one.shows, one.waiting, one.oldest_at, one.next_request_id],
            ...[one.paused_by, one.reason],
          ]),
        ),
      );
      return undefined;
    },
  });
  const change = (verb: 'pause' | 'resume', summary: string, examples: string[]) =>
    addCommand(lane, session, {
      usage: `${verb} <lane>`,
      summary,
      examples,
      options: (command) =>
        verb === 'pause' ? command.requiredOption('--reason <text>', 'kept in the audit') : command,
      run: async ({ args, options, out, context }) => {
        const body = verb === 'pause' ? { reason: String(options.reason) } : {};
        const path = `lanes/${encodeURIComponent(args[0] ?? '')}/${verb}`;
        const changed = await openClient(context).post(path, laneSchema, { body });
        const state = changed.paused_by === null ? 'decides' : 'is paused';
        out.result(changed, () => `Lane ${changed.lane} ${state}; ${changed.waiting} wait in it.`);
        return undefined;
      },
    });
  change('pause', 'decide nothing in a lane for now; its holds still end', [
    'usher lane pause 1-5 --reason "looking at a request"',
  ]);
  change('resume', 'decide in a paused lane again', ['usher lane resume 1-5']);
  addCommand(lane, session, {
    usage: 'skip <lane>',
    summary: 'refuse the request that is next in a lane, so that the others flow',
    examples: ['usher lane skip 1-5 --reason "cannot be decided"'],
    options: (command) => command.requiredOption('--reason <text>', 'kept in the audit'),
    run: async ({ args, options, out, context }) => {
      const path = `lanes/${encodeURIComponent(args[0] ?? '')}/skip`;
      const body = { reason: String(options.reason) };
      const skipped = await openClient(context).post(path, skippedSchema, { body });
      out.result(skipped, () => `Set ${skipped.request_id} of show ${skipped.show_id} aside.`);
      return undefined;
    },
  });
}
