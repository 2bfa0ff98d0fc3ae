import type { Command } from 'commander';
import { z } from 'zod';
import { localStatus } from '../../core/runtime/supervisor-run.js';
import { addCommand, type Session } from '../command.js';
import { type CliContext, dataDirOf, loginFileOf } from '../context.js';
import { exitCodes } from '../exit.js';
import { readLogin } from '../login-file.js';
import { fields, table } from '../out.js';

const askMsMax = 3_000;

type Ready = { url: string; reachable: boolean; ready: boolean; reasons: string[] };

/** What runs here, and whether the Usher that commands talk to is ready. */
export function addStatusCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'status',
    summary: 'show what runs here and whether it is ready',
    examples: ['usher status', 'usher status --json'],
    run: async ({ out, context }) => {
      const local = localStatus(dataDirOf(context));
      const login = readLogin(loginFileOf(context));
      const url = login?.url ?? (local.running ? local.urls.page : null);
      const usher = url ? await askReady(url) : null;
      const value = {
        data: dataDirOf(context),
        ...local,
        login: login ? { url: login.url, name: login.name, expires_at: login.expires_at } : null,
        usher,
      };
      out.result(value, () => statusText(context, value));
      return usher?.ready ? exitCodes.done : exitCodes.unreachable;
    },
  });
}

const readySchema = z.object({ reasons: z.array(z.unknown()).optional() }).loose();

async function askReady(url: string): Promise<Ready> {
  try {
    const answer = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(askMsMax) });
    const text = await answer.text();
    const parsed = readySchema.safeParse(jsonOrNothing(text));
    const reasons = (parsed.data?.reasons ?? []).map((reason) =>
      typeof reason === 'string' ? reason : JSON.stringify(reason),
    );
    return { url, reachable: true, ready: answer.ok, reasons };
  } catch (error) {
    return { url, reachable: false, ready: false, reasons: [(error as Error).message] };
  }
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

type Status = ReturnType<typeof localStatus> & {
  data: string;
  login: { url: string; name: string } | null;
  usher: Ready | null;
};

function statusText(_context: CliContext, status: Status): string {
  const parts = [
    fields([
      ['data', status.data],
      ['local', status.state],
      ['since', status.started_at],
      ['page', status.urls.page],
      ['mailbox', status.urls.mailbox],
      ['login', status.login ? `${status.login.name} at ${status.login.url}` : 'none'],
      ['talks to', status.usher ? status.usher.url : 'nothing'],
      ['ready', status.usher?.ready ?? false],
    ]),
  ];
  if (status.usher && status.usher.reasons.length > 0) {
    parts.push(`not ready because: ${status.usher.reasons.join('; ')}`);
  }
  const rows = [
    ...status.programs.map(({ name, pid, state, restarts }) => [name, state, pid, restarts]),
    ...status.engines.map(({ name, pid, state, port }) => [`${name}:${port}`, state, pid, null]),
  ];
  if (rows.length > 0) parts.push(table(['program', 'state', 'pid', 'restarts'], rows));
  return parts.join('\n\n');
}
