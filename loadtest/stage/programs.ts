import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export const programNames = ['sandbox', 'mailbox', 'api', 'admission', 'processor'] as const;
export type ProgramName = (typeof programNames)[number];

/** One process of Usher, which faults may end, stop and start. */
export type Program = {
  name: ProgramName;
  label: string;
  readonly pid: number;
  log(): string;
  hasEnded(): boolean;
  /** Does nothing while it runs. */
  start(env?: NodeJS.ProcessEnv, fromDist?: string): Promise<void>;
  /** Resolves when the process is gone; SIGTERM becomes SIGKILL after ten seconds. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  pause(): void;
  resume(): void;
};

const readyMsMax = 60_000;
const endMsMax = 10_000;
const logCharsMax = 200_000;

type ProgramOptions = {
  dist: string;
  env: NodeJS.ProcessEnv;
  label: string;
  /** Told of each process that is started. */
  adopt: (pid: number | undefined) => void;
};

/** Prepares a program of a build; it runs after `start`. */
export function prepareProgram(
  name: ProgramName,
  { dist, env, label, adopt }: ProgramOptions,
): Program {
  let child: ChildProcess | undefined;
  let log = '';
  const hasEnded = () => !child || child.exitCode !== null || child.signalCode !== null;
  return {
    name,
    label,
    get pid() {
      return child?.pid ?? 0;
    },
    log: () => log,
    hasEnded,
    start: async (more = {}, fromDist = dist) => {
      // Two faults may both want it back.
      if (!hasEnded()) return;
      const started = spawn(process.execPath, [join(fromDist, name, 'main.js')], {
        env: { ...env, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      adopt(started.pid);
      const from = log.length;
      for (const stream of [started.stdout, started.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          log += chunk.toString();
        });
      }
      await isReady(started, () => log.slice(from), name);
      log = log.slice(-logCharsMax);
    },
    end: (signal) => endChild(child, signal),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

async function isReady(child: ChildProcess, log: () => string, name: string): Promise<void> {
  const untilMs = performance.now() + readyMsMax;
  while (!/"msg":"(ready|listening)"/.test(log())) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > untilMs) {
      child.kill('SIGKILL');
      throw new Error(`${name} did not become ready:\n${log().slice(-1_500)}`);
    }
    await sleep(20);
  }
}

function endChild(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), endMsMax);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    // A stopped process does not hear SIGTERM.
    child.kill('SIGCONT');
    child.kill(signal);
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
