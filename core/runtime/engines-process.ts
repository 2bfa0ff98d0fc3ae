// Child processes that must outlive or be outlived on purpose: who they are, how they start,
// how they stop. Everything that sends a signal goes through here, so that a recycled process id
// never hits a stranger.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { connect } from 'node:net';

/** A process as remembered in a file: its id, when it began, and a word of its command line. */
export type ProcessRef = { pid: number; startedAt: string; word: string };

export type RunResult = { code: number; output: string };

const OUTPUT_CHARS_MAX = 64_000;
const POLL_MS = 25;

/** Resolves after `ms` milliseconds, or at once when `signal` aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

function describe(pid: number): { startedAt: string; command: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    // A zombie has an empty command line and nothing left to stop.
    return command === '' ? null : { startedAt: fields[19] ?? '', command };
  } catch {
    return process.platform === 'linux' ? null : describeByPs(pid);
  }
}

function describeByPs(pid: number): { startedAt: string; command: string } | null {
  try {
    const line = execFileSync('ps', ['-p', String(pid), '-o', 'lstart=,command='], {
      encoding: 'utf8',
    }).trim();
    return line === '' ? null : { startedAt: line.slice(0, 24), command: line.slice(25) };
  } catch {
    return null;
  }
}

/** Remembers a process which runs now; null when it is already gone. */
export function processRef(pid: number, word: string): ProcessRef | null {
  const found = describe(pid);
  return found === null ? null : { pid, startedAt: found.startedAt, word };
}

/** True while exactly the remembered process runs (same id, same start, same command). */
export function isRunning(ref: ProcessRef): boolean {
  const found = describe(ref.pid);
  return found !== null && found.startedAt === ref.startedAt && found.command.includes(ref.word);
}

/** Processes whose working folder is `folder` and whose command line has one of `words`. */
export function findByFolder(folder: string, words: readonly string[]): ProcessRef[] {
  if (process.platform !== 'linux') return [];
  const refs: ProcessRef[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readlinkSync(`/proc/${entry}/cwd`) !== folder) continue;
    } catch {
      continue;
    }
    const found = describe(Number(entry));
    const word = words.find((candidate) => found?.command.includes(candidate));
    if (found && word) refs.push({ pid: Number(entry), startedAt: found.startedAt, word });
  }
  return refs;
}

/** Sends a signal to the remembered process (with `group`, to its whole group), if it runs. */
export function signalProcess(ref: ProcessRef, signal: NodeJS.Signals, group = false): boolean {
  if (!isRunning(ref)) return false;
  try {
    process.kill(group ? -ref.pid : ref.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks a process to stop (SIGTERM), waits up to `deadlineMs`, then kills it with its group.
 * Returns how it ended; resolves only when it is gone.
 */
export async function stopProcess(
  ref: ProcessRef,
  deadlineMs: number,
): Promise<'gone' | 'stopped' | 'killed'> {
  if (!signalProcess(ref, 'SIGTERM')) return 'gone';
  // A stopped (SIGSTOP) process takes no SIGTERM before it continues.
  signalProcess(ref, 'SIGCONT');
  if (await waitGone(ref, deadlineMs)) return 'stopped';
  if (!signalProcess(ref, 'SIGKILL', true)) signalProcess(ref, 'SIGKILL');
  await waitGone(ref, 5_000);
  return 'killed';
}

async function waitGone(ref: ProcessRef, deadlineMs: number): Promise<boolean> {
  const until = Date.now() + deadlineMs;
  while (isRunning(ref)) {
    if (Date.now() >= until) return false;
    await pause(POLL_MS);
  }
  return true;
}

export type DetachedOptions = {
  env?: NodeJS.ProcessEnv | undefined;
  cwd: string;
  logFile: string;
};

/**
 * Starts a program in its own process group with its output appended to a file. A Ctrl-C in the
 * terminal doesn't reach it, so that whoever started it can stop things in order.
 */
export function startDetached(command: string, args: readonly string[], options: DetachedOptions) {
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    return spawn(command, [...args], {
      cwd: options.cwd,
      detached: true,
      stdio: ['ignore', log, log],
      ...(options.env ? { env: options.env } : {}),
    });
  } finally {
    closeSync(log);
  }
}

export type RunOptions = {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  signal?: AbortSignal;
  timeoutMs: number;
  onLine?: (line: string) => void;
};

/** Runs a command to its end and returns its exit code and the tail of its output. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(options.env ? { env: options.env } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    // The whole group: what the command started itself must not outlive it.
    const stop = () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    };
    const timer = setTimeout(stop, options.timeoutMs);
    options.signal?.addEventListener('abort', stop, { once: true });
    const end = (code: number) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
      resolve({ code, output });
    };
    const take = (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      output = (output + text).slice(-OUTPUT_CHARS_MAX);
      const line = text.trimEnd().split('\n').at(-1)?.trim();
      if (line) options.onLine?.(line);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      output += error.message;
      end(127);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}

/**
 * Connects to a loopback port, sends `hello`, and returns the answer once it is `enough`; null when
 * that doesn't come within `timeoutMs`.
 */
export function askPort(
  port: number,
  hello: string,
  enough: (answer: Buffer) => boolean,
  timeoutMs = 1_000,
): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    const end = (result: Buffer | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end(null), timeoutMs);
    socket.once('error', () => end(null));
    socket.once('close', () => end(null));
    socket.once('connect', () => socket.write(hello));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (enough(answer)) end(answer);
    });
  });
}

/** A file's size in bytes, 0 when there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last lines of what a log file has got after its first `from` bytes. */
export function tailOf(file: string, from = 0, lines = 15): string {
  try {
    const text = readFileSync(file).subarray(from).toString('utf8');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
