import { createWriteStream } from 'node:fs';

/** One call of a fan as the fan saw it; times are milliseconds since 1970 by the crowd's clock. */
export type CallEntry = {
  kind: 'call';
  fan: string;
  op: string;
  key?: string;
  path: string;
  start: number;
  end: number;
  /** 0: no answer came. */
  status: number;
  /** The parts of question and answer that the auditor needs. */
  told: Record<string, unknown>;
};
export type PushEntry = {
  kind: 'push';
  fan: string;
  /** Which connection of the fan heard it. */
  line: number;
  event: string;
  at: number;
  told: Record<string, unknown>;
};
export type ClientEntry = CallEntry | PushEntry;

export type ClientLog = {
  calls: CallEntry[];
  pushes: PushEntry[];
  /** Writes all entries as JSON lines, in the order of their ends. */
  save(path: string): Promise<void>;
};

/** Kept in memory up to this many entries; the auditor is told when there were more. */
const entriesMax = 3_000_000;

export function openClientLog(): ClientLog & { add(entry: ClientEntry): void } {
  const calls: CallEntry[] = [];
  const pushes: PushEntry[] = [];
  return {
    calls,
    pushes,
    add: (entry) => {
      if (calls.length + pushes.length >= entriesMax) throw new Error('the client log is full');
      if (entry.kind === 'call') calls.push(entry);
      else pushes.push(entry);
    },
    save: (path) =>
      new Promise((resolve, reject) => {
        const file = createWriteStream(path, { mode: 0o600 });
        file.on('error', reject).on('finish', () => resolve());
        for (const entry of [...calls, ...pushes]) file.write(`${JSON.stringify(entry)}\n`);
        file.end();
      }),
  };
}

/** Now, with parts of a millisecond, on a clock that never steps. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
