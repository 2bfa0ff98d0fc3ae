import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../core/runtime/paths.js';
import { until } from './until.js';

export type ProgramName = 'sandbox' | 'mailbox' | 'api' | 'admission' | 'processor';

const readyLines: Record<ProgramName, string> = {
  sandbox: '"msg":"listening"',
  mailbox: '"msg":"listening"',
  api: '"msg":"listening"',
  admission: '"msg":"ready"',
  processor: '"msg":"ready"',
};

/** One started program. */
export type Running = {
  pid: number;
  log(): string;
  hasEnded(): boolean;
  /** Sends a signal; resolves when the process is gone if the signal ends it. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  pause(): void;
  resume(): void;
};

const logCharsMax = 400_000;
const tailLines = 25;

export type Programs = {
  /** Starts one of the built programs and waits until it is ready. */
  start(name: ProgramName, env?: Record<string, string>): Promise<Running>;
  /** The newest process of a program. @throws Error when it was never started. */
  find(name: ProgramName): Running;
  /** The ends of all logs, for a test that failed. */
  tails(): string;
  close(): Promise<void>;
};

export function openPrograms(baseEnv: Record<string, string>, watchdog: Watchdog): Programs {
  const all: { name: ProgramName; running: Running }[] = [];
  return {
    start: async (name, env = {}) => {
      const running = launch(name, { ...baseEnv, ...env }, watchdog);
      all.push({ name, running });
      const isReady = () => running.log().includes(readyLines[name]);
      await until(() => isReady() || running.hasEnded(), { ms: 30_000, what: `a ready ${name}` });
      if (!isReady()) throw new Error(`${name} ended before it was ready:\n${running.log()}`);
      return running;
    },
    find: (name) => {
      const found = all.findLast((one) => one.name === name);
      if (!found) throw new Error(`${name} was not started`);
      return found.running;
    },
    tails: () =>
      all
        .map(({ name, running }) => {
          const lines = running.log().trimEnd().split('\n').slice(-tailLines);
          return `--- ${name} ${running.pid}\n${lines.map((line) => line.slice(0, 600)).join('\n')}`;
        })
        .join('\n'),
    close: async () => {
      await Promise.all(all.map(({ running }) => running.kill('SIGKILL')));
    },
  };
}

function launch(name: ProgramName, env: Record<string, string>, watchdog: Watchdog): Running {
  const script = join(packageRoot, 'dist', name, 'main.js');
  const child: ChildProcess = spawn(process.execPath, [script], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  watchdog.watch(child.pid);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-logCharsMax);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    log: () => log,
    hasEnded,
    kill: async (signal) => {
      if (hasEnded()) return;
      child.kill(signal);
      await ended;
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
  };
}

export type Watchdog = { watch(pid: number | undefined): void; end(): void };

/** Ends what this process started when this process dies without ending it: even by SIGKILL. */
export function openWatchdog(): Watchdog {
  const script =
    'while read -r word; do [ "$word" = done ] && exit; all="$all $word"; done; kill -9 $all';
  const shell = spawn('sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return {
    watch: (pid) => {
      if (pid !== undefined) shell.stdin.write(`${pid}\n`);
    },
    end: () => {
      shell.stdin.end('done\n');
    },
  };
}
