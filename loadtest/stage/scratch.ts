// The throw-away folder of one run, and everything that runs in it. Whatever ends the run, all of it
// goes: in order, by a signal, by a bug, and after `kill -9` when the next run begins.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopLeftEngines } from '../../core/runtime/engines.js';
import {
  isRunning,
  type ProcessRef,
  processRef,
  signalProcess,
} from '../../core/runtime/engines-process.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { unmountIn } from './small-disk.js';

const prefixes = ['usher-load-', 'usher-bench-'] as const;
const clearMsMax = 60_000;

export type Scratch = {
  dir: string;
  /** Where the private engines of the run belong. */
  enginesDir: string;
  /** Aborts when the run ends: for engines that are just being made. */
  signal: AbortSignal;
  /** Remembers a process that must not outlive the run. */
  adopt(pid: number | undefined): void;
  /** Removes the folder; what ran in it has been stopped. */
  remove(): void;
};

const open = new Map<string, AbortController>();

/** Clears up after killed runs, and makes the folder of this one. */
export async function openScratch(prefix: (typeof prefixes)[number]): Promise<Scratch> {
  await sweepOrphans();
  const dir = mkdtempSync(join(tmpdir(), prefix));
  const abort = new AbortController();
  writeFileSync(ownerFile(dir), JSON.stringify(processRef(process.pid, 'node')));
  if (open.size === 0) process.on('exit', clearOpen);
  open.set(dir, abort);
  return {
    dir,
    enginesDir: enginesOf(dir),
    signal: abort.signal,
    adopt: (pid) => {
      const ref = pid === undefined ? null : processRef(pid, 'node');
      if (ref) appendFileSync(childrenFile(dir), `${JSON.stringify(ref)}\n`);
    },
    remove: () => {
      open.delete(dir);
      if (open.size === 0) process.off('exit', clearOpen);
      unmountIn(dir);
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Stops what still runs in a folder, and removes it. */
export async function clearScratch(dir: string): Promise<void> {
  for (const ref of readChildren(dir)) signalProcess(ref, 'SIGKILL');
  await stopLeftEngines(enginesOf(dir));
  unmountIn(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** Clears folders whose run is dead; returns them. A folder that names no owner stays. */
export async function sweepOrphans(): Promise<string[]> {
  const swept: string[] = [];
  for (const name of readdirSync(tmpdir())) {
    if (!prefixes.some((prefix) => name.startsWith(prefix))) continue;
    const dir = join(tmpdir(), name);
    const owner = readOwner(dir);
    if (!owner || isRunning(owner)) continue;
    await clearScratch(dir);
    swept.push(dir);
  }
  return swept;
}

const ownerFile = (dir: string) => join(dir, 'owner.json');
const childrenFile = (dir: string) => join(dir, 'children.jsonl');
const enginesOf = (dir: string) => join(dir, 'engines');

function readOwner(dir: string): ProcessRef | undefined {
  try {
    return JSON.parse(readFileSync(ownerFile(dir), 'utf8')) as ProcessRef;
  } catch {
    return undefined;
  }
}

function readChildren(dir: string): ProcessRef[] {
  try {
    const lines = readFileSync(childrenFile(dir), 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as ProcessRef);
  } catch {
    return [];
  }
}

/**
 * Ends this process in order, and with it what runs in its folders, when a signal comes or when
 * `usher`, which started it, is gone. For the programs themselves: a test belongs to its runner.
 */
export function endWithCaller(): void {
  // Exiting runs `clearOpen`, which nothing can interrupt: a second signal changes nothing.
  const end = (signal: 'SIGINT' | 'SIGTERM') => process.exit(128 + constants.signals[signal]);
  process.on('SIGINT', () => end('SIGINT'));
  process.on('SIGTERM', () => end('SIGTERM'));
  // `usher` starts runs with a channel, which closes when it dies itself.
  process.on('disconnect', () => end('SIGTERM'));
  process.channel?.unref();
}

/** Another process clears while this one stands still, so that nothing is started again meanwhile. */
function clearOpen(): void {
  for (const abort of open.values()) abort.abort();
  if (open.size === 0) return;
  const script = join(packageRoot, 'dist/loadtest/stage/clear.js');
  spawnSync(process.execPath, [script, ...open.keys()], { stdio: 'ignore', timeout: clearMsMax });
}
