// `run.json`: who runs here now. It names processes, never secrets, and a name is believed only
// after the process behind it has been looked at.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EngineName, readEnginesState, stopLeftEngines } from './engines.js';
import { isRunning, type ProcessRef, stopProcess } from './engines-process.js';
import { type ProgramName, STOP_ORDER } from './supervisor-env.js';

export type RunState = 'starting' | 'running' | 'stopping';

export type RunProgram = {
  name: ProgramName;
  process: ProcessRef | null;
  state: string;
  restarts: number;
};

export type RunFile = {
  state: RunState;
  started_at: string;
  supervisor: ProcessRef;
  programs: RunProgram[];
  /** The private ones; those given by URL are not ours to show or stop. */
  engines: EngineName[];
  ports: Record<string, number>;
  urls: { page: string; mailbox: string | null };
};

const RUN_FILE = 'run.json';
const LEFT_STOP_MS_MAX = 8_000;

/** What `run.json` says; null when nothing runs here or the file can't be read. */
export function readRunFile(dataDir: string): RunFile | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, RUN_FILE), 'utf8')) as RunFile;
  } catch {
    return null;
  }
}

export function saveRunFile(dataDir: string, run: RunFile): void {
  const file = join(dataDir, RUN_FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Writes the first `run.json` of a start; false when there is one already. */
export function claimRunFile(dataDir: string, run: RunFile): boolean {
  try {
    writeFileSync(join(dataDir, RUN_FILE), JSON.stringify(run), { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export function removeRunFile(dataDir: string): void {
  rmSync(join(dataDir, RUN_FILE), { force: true });
}

/** The supervisor that works on this folder now, if there is one. */
export function runningSupervisor(dataDir: string): ProcessRef | null {
  const run = readRunFile(dataDir);
  return run && isRunning(run.supervisor) ? run.supervisor : null;
}

/**
 * Stops the programs that a killed supervisor left behind and returns their names. Its engines are
 * left alone: the next start adopts them.
 */
export async function stopLeftPrograms(dataDir: string): Promise<string[]> {
  const run = readRunFile(dataDir);
  if (run === null || isRunning(run.supervisor)) return [];
  const stopped: string[] = [];
  for (const name of STOP_ORDER) {
    const left = run.programs.find((program) => program.name === name)?.process;
    if (!left || !isRunning(left)) continue;
    await stopProcess(left, LEFT_STOP_MS_MAX);
    stopped.push(name);
  }
  return stopped;
}

/** How `usher down` ended. */
export type DownResult = { stopped: 'supervisor' | 'leftovers' | 'nothing'; names: string[] };

/**
 * Stops the local Usher from outside: asks its supervisor, or, when that was killed, stops what it
 * left. Resolves when nothing of it runs any more, or throws after `deadlineMs`.
 */
export async function stopLocal(dataDir: string, deadlineMs = 60_000): Promise<DownResult> {
  const supervisor = runningSupervisor(dataDir);
  if (supervisor !== null) {
    const how = await stopProcess(supervisor, deadlineMs);
    if (how === 'stopped' || how === 'gone') return { stopped: 'supervisor', names: [] };
  }
  const names = await stopLeftPrograms(dataDir);
  const engines = await stopLeftEngines(dataDir);
  removeRunFile(dataDir);
  if (engines > 0) names.push('engines');
  return { stopped: names.length > 0 ? 'leftovers' : 'nothing', names };
}

export type LocalStatus = {
  running: boolean;
  state: RunState | 'stopped' | 'killed';
  started_at: string | null;
  supervisor_pid: number | null;
  programs: { name: string; pid: number | null; state: string; restarts: number }[];
  engines: { name: string; pid: number | null; port: number; state: string }[];
  ports: Record<string, number>;
  urls: { page: string | null; mailbox: string | null };
};

/** What `usher status` shows of the local processes; every id in it was just looked at. */
export function localStatus(dataDir: string): LocalStatus {
  const run = readRunFile(dataDir);
  if (run === null) {
    return {
      running: false,
      state: 'stopped',
      started_at: null,
      supervisor_pid: null,
      programs: [],
      engines: [],
      ports: {},
      urls: { page: null, mailbox: null },
    };
  }
  const alive = isRunning(run.supervisor);
  return {
    running: alive,
    state: alive ? run.state : 'killed',
    started_at: run.started_at,
    supervisor_pid: alive ? run.supervisor.pid : null,
    programs: run.programs.map(({ name, process, state, restarts }) => {
      const lives = process !== null && isRunning(process);
      return { name, pid: lives ? process.pid : null, state: lives ? state : 'down', restarts };
    }),
    engines: run.engines.map((name) => engineStatus(dataDir, name)),
    ports: run.ports,
    urls: run.urls,
  };
}

function engineStatus(dataDir: string, name: EngineName): LocalStatus['engines'][number] {
  const known = readEnginesState(dataDir)[name];
  const lives = known?.process && isRunning(known.process);
  return {
    name,
    pid: lives ? (known.process?.pid ?? null) : null,
    port: known?.port ?? 0,
    state: lives ? 'ready' : 'down',
  };
}
