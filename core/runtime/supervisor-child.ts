// One program kept running: started in its own process group, watched, and started again with
// growing pauses when it dies.
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readSync, renameSync } from 'node:fs';
import {
  type ProcessRef,
  pause,
  processRef,
  signalProcess,
  sizeOf,
  startDetached,
  stopProcess,
  tailOf,
} from './engines-process.js';

export type ProgramState = 'starting' | 'ready' | 'down' | 'stopped';

export type KeptSettings = {
  name: string;
  script: string;
  node: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Called after every change of state, process or restart count. */
  onChange: () => void;
  /** Called with one sentence that a person should see. */
  say: (text: string) => void;
};

export type KeptProgram = {
  readonly name: string;
  readonly state: ProgramState;
  readonly process: ProcessRef | null;
  readonly restarts: number;
  /** Resolves at its first readiness; rejects with the end of its log when it dies before. */
  start(): Promise<void>;
  /** Resolves when the program is gone, by SIGKILL after `deadlineMs` at the latest. */
  stop(deadlineMs: number): Promise<void>;
};

const READY_MS_MAX = 60_000;
const RESTART_PAUSE_MS = 500;
const RESTART_PAUSE_MS_MAX = 30_000;
const STEADY_MS = 60_000;
const LOG_BYTES_MAX = 20_000_000;

/** Keeps one program; see KeptProgram. */
export function keepProgram(settings: KeptSettings): KeptProgram {
  const { name, logFile, say, onChange } = settings;
  let state: ProgramState = 'stopped';
  let ref: ProcessRef | null = null;
  let restarts = 0;
  let pauseMs = RESTART_PAUSE_MS;
  let readySince = 0;
  const stopping = new AbortController();

  const become = (next: ProgramState) => {
    state = next;
    onChange();
  };

  const launch = (): { child: ChildProcess; from: number } => {
    if (sizeOf(logFile) > LOG_BYTES_MAX) renameSync(logFile, `${logFile}.1`);
    const from = sizeOf(logFile);
    const child = startDetached(settings.node, [settings.script], settings);
    ref = child.pid === undefined ? null : processRef(child.pid, settings.script);
    become('starting');
    return { child, from };
  };

  const runOnce = async (): Promise<void> => {
    const { child, from } = launch();
    const ended = endOf(child);
    if (await untilReady(logFile, from, ended.done)) {
      readySince = Date.now();
      become('ready');
    } else if (ended.why === null && ref !== null) {
      await stopProcess(ref, 1_000);
      throw new Error(
        `${name} was not ready within ${READY_MS_MAX / 1000} s\n${tailOf(logFile, from)}`,
      );
    } else {
      throw new Error(`${name} did not start: ${ended.why}\n${tailOf(logFile, from)}`);
    }
    void ended.promise.then((why) => afterEnd(why));
  };

  const afterEnd = async (why: string): Promise<void> => {
    if (readySince > 0 && Date.now() - readySince > STEADY_MS) pauseMs = RESTART_PAUSE_MS;
    readySince = 0;
    while (!stopping.signal.aborted) {
      become('down');
      say(`${name} ended (${why}); starting it again in ${pauseMs / 1000} s. Its log: ${logFile}`);
      await pause(pauseMs, stopping.signal);
      pauseMs = Math.min(pauseMs * 2, RESTART_PAUSE_MS_MAX);
      if (stopping.signal.aborted) return;
      restarts += 1;
      try {
        await runOnce();
        say(`${name} is ready again.`);
        return;
      } catch (error) {
        why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      }
    }
  };

  return {
    name,
    get state() {
      return state;
    },
    get process() {
      return ref;
    },
    get restarts() {
      return restarts;
    },
    start: runOnce,
    async stop(deadlineMs) {
      stopping.abort();
      if (ref !== null) {
        if (deadlineMs > 0) await stopProcess(ref, deadlineMs);
        else if (signalProcess(ref, 'SIGKILL', true)) await stopProcess(ref, 0);
      }
      become('stopped');
    },
  };
}

function endOf(child: ChildProcess) {
  const ended = { why: null as string | null, done: () => false, promise: Promise.resolve('') };
  ended.done = () => ended.why !== null;
  ended.promise = new Promise((resolve) => {
    const end = (why: string) => {
      ended.why ??= why;
      resolve(ended.why);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `code ${code}`));
  });
  return ended;
}

/** True once a log line after the first `from` bytes says so; false when it ended or took too long. */
async function untilReady(file: string, from: number, ended: () => boolean): Promise<boolean> {
  const until = Date.now() + READY_MS_MAX;
  let offset = from;
  let rest = '';
  while (Date.now() < until) {
    const wasOver = ended();
    const added = readFrom(file, offset);
    offset += added.length;
    const lines = (rest + added.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    if (lines.some(saysReady)) return true;
    if (wasOver) return false;
    await pause(40);
  }
  return false;
}

function saysReady(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return msg === 'listening' || msg === 'ready';
  } catch {
    return false;
  }
}

function readFrom(file: string, offset: number): Buffer {
  const length = sizeOf(file) - offset;
  if (length <= 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(length);
  const handle = openSync(file, 'r');
  try {
    return buffer.subarray(0, readSync(handle, buffer, 0, length, offset));
  } finally {
    closeSync(handle);
  }
}
