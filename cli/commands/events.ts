import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import type { Out } from '../out.js';
import { wholeOf } from '../time.js';

const eventSchema = z.object({
  show_id: z.string(),
  lsn: z.number(),
  at: z.string(),
  kind: z.string(),
  subject_id: z.number(),
  detail: z.unknown(),
  chain: z.string(),
});
const streamSchema = z.object({ results: z.array(eventSchema), next: z.string() });
const logSchema = z.object({ results: z.array(eventSchema), next_lsn: z.number() });
const pauseMs = 1_000;

export function addEventsCommands(program: Command, session: Session): void {
  const events = addNoun(program, 'events', 'every change of every show, for other systems');
  addCommand(events, session, {
    usage: 'tail',
    summary: 'write events as they happen, one a line, until stopped',
    examples: ['usher events tail --json', 'usher events tail --after 0 --for 10'],
    options: (command) =>
      command
        .option('--after <place>', 'begin after this place; 0 is the oldest that the stream keeps')
        .option('--for <seconds>', 'stop after this long'),
    run: async ({ options, out, context }) => {
      const client = openClient(context);
      const forMs =
        options.for === undefined ? undefined : wholeOf(options.for, '--for', 0) * 1_000;
      const endMs = forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + forMs;
      let after = options.after as string | undefined;
      after ??= (await client.get('events', streamSchema)).next;
      for (;;) {
        const page: z.infer<typeof streamSchema> = await client.get('events', streamSchema, {
          query: { after },
        });
        tell(out, page.results);
        after = page.next;
        if (page.results.length > 0) continue;
        if (Date.now() >= endMs) return undefined;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
  });
  addCommand(events, session, {
    usage: 'replay <show>',
    summary: 'write all events of a show from its log, one a line',
    examples: ['usher events replay 12', 'usher events replay 12 --from 400 --json'],
    options: (command) => command.option('--from <lsn>', 'the first entry', '1'),
    run: async ({ args, options, out, context }) => {
      const client = openClient(context);
      const path = `shows/${encodeURIComponent(args[0] ?? '')}/events`;
      let lsn = wholeOf(options.from, '--from') - 1;
      for (;;) {
        const page = await client.get(path, logSchema, { query: { after_lsn: String(lsn) } });
        if (page.results.length === 0) return undefined;
        tell(out, page.results);
        lsn = page.next_lsn;
      }
    },
  });
}

function tell(out: Out, events: z.infer<typeof eventSchema>[]): void {
  for (const event of events) {
    const { at, show_id, lsn, kind, subject_id, detail } = event;
    out.line(event, () => {
      return `${at}  show ${show_id}  ${lsn}  ${kind}  ${subject_id}  ${JSON.stringify(detail)}`;
    });
  }
}
