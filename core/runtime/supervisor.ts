// Runs a whole local Usher: engines, programs, their order, their end. It draws nothing and asks
// nobody; `usher up` shows what it says.
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { type Engines, startEngines, stopLeftEngines } from './engines.js';
import { type EnginesFound, ensureEngines } from './engines-find.js';
import { processRef, type RunResult, run, signalProcess } from './engines-process.js';
import { packageRoot } from './paths.js';
import { type KeptProgram, keepProgram } from './supervisor-child.js';
import {
  type LocalSettings,
  PROGRAMS,
  type ProgramName,
  programEnv,
  programNodeOptions,
  runsProgram,
  STOP_ORDER,
  saveLocalSettings,
} from './supervisor-env.js';
import { prepareSettings } from './supervisor-prepare.js';
import {
  claimRunFile,
  type RunState,
  readRunFile,
  removeRunFile,
  runningSupervisor,
  saveRunFile,
  stopLeftPrograms,
} from './supervisor-run.js';

/** Another supervisor works on this folder. */
export class AlreadyRunningError extends Error {
  override name = 'AlreadyRunningError';
}

export type SupervisorOptions = {
  dataDir: string;
  /** The environment that programs inherit and that may replace engines, provider and mail. */
  env: NodeJS.ProcessEnv;
  /** Gets one sentence for everything that a person should know later on. */
  say: (text: string) => void;
  /** Where `dist` and the examples lie; this repository when left out. */
  root?: string;
};

export type Supervisor = {
  readonly settings: LocalSettings;
  /** Aborts when a stop was asked for, so that steps of a start give up. */
  readonly signal: AbortSignal;
  /** Finds or installs engines and starts those that are ours. */
  startEngines(log: (text: string) => void): Promise<{ adopted: boolean }>;
  /** Chooses ports and writes down the settings; returns notes about ports that were taken. */
  prepare(): Promise<string[]>;
  startPrograms(onReady: (name: ProgramName) => void): Promise<void>;
  /** Runs the command line against this Usher, to its end. */
  runCli(args: readonly string[], log: (text: string) => void): Promise<RunResult>;
  /** Remembers something about this Usher for later starts. */
  remember(change: Partial<LocalSettings>): void;
  /** Marks the start as done. */
  started(): void;
  /** Stops everything in order, each by its deadline; nothing is left when it resolves. */
  stop(): Promise<void>;
  /** Makes a stop that is under way end at once, with SIGKILL. */
  hurry(): void;
};

const PROGRAM_STOP_MS_MAX = 10_000;
const CLI_MS_MAX = 300_000;

type Inner = {
  options: SupervisorOptions;
  dataDir: string;
  root: string;
  startedAt: string;
  state: RunState;
  found: EnginesFound | null;
  engines: Engines | null;
  settings: LocalSettings | null;
  programs: Map<ProgramName, KeptProgram>;
  abort: AbortController;
};

/**
 * Claims the data folder and cleans up after a killed start.
 * @throws AlreadyRunningError while another supervisor lives there.
 */
export async function openSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  mkdirSync(join(options.dataDir, 'logs'), { recursive: true, mode: 0o700 });
  const inner: Inner = {
    options,
    dataDir: realpathSync(options.dataDir),
    root: options.root ?? packageRoot,
    startedAt: new Date().toISOString(),
    state: 'starting',
    found: null,
    engines: null,
    settings: null,
    programs: new Map(),
    abort: new AbortController(),
  };
  await claim(inner);
  return faceOf(inner);
}

async function claim(inner: Inner): Promise<void> {
  const { dataDir } = inner;
  for (let tried = 0; tried < 3; tried += 1) {
    if (claimRunFile(dataDir, runFileOf(inner))) return;
    const other = runningSupervisor(dataDir);
    if (other !== null) {
      const page = readRunFile(dataDir)?.urls.page;
      throw new AlreadyRunningError(
        `Usher already runs on ${dataDir} (process ${other.pid}${page ? `, ${page}` : ''}). ` +
          'Stop it with: ./usher down',
      );
    }
    const left = await stopLeftPrograms(dataDir);
    if (left.length > 0) {
      inner.options.say(`The last start was killed; stopped what it left: ${left.join(', ')}.`);
    }
    removeRunFile(dataDir);
  }
  throw new AlreadyRunningError(`Another start is claiming ${dataDir} at this moment.`);
}

function faceOf(inner: Inner): Supervisor {
  return {
    get settings() {
      return settingsOf(inner);
    },
    signal: inner.abort.signal,
    startEngines: (log) => bringUpEngines(inner, log),
    prepare: () => prepare(inner),
    startPrograms: (onReady) => startPrograms(inner, onReady),
    runCli: (args, log) =>
      run(process.execPath, [scriptOf(inner, 'cli'), ...args], {
        cwd: inner.root,
        env: { ...inner.options.env, ...programEnv(settingsOf(inner), 'cli') },
        signal: inner.abort.signal,
        timeoutMs: CLI_MS_MAX,
        onLine: log,
      }),
    remember(change) {
      inner.settings = { ...settingsOf(inner), ...change };
      saveLocalSettings(inner.settings);
    },
    started() {
      inner.state = 'running';
      writeRun(inner);
    },
    stop: () => stopAll(inner),
    hurry: () => killAll(inner),
  };
}

function scriptOf(inner: Inner, program: ProgramName | 'cli'): string {
  return join(inner.root, 'dist', program, 'main.js');
}

function settingsOf(inner: Inner): LocalSettings {
  if (inner.settings === null) throw new Error('The local settings are not made yet.');
  return inner.settings;
}

async function bringUpEngines(inner: Inner, log: (text: string) => void) {
  const { dataDir, options, abort } = inner;
  inner.found = await ensureEngines(options.env, log, abort.signal);
  // Private engines of an earlier start would run on unseen once others are given by URL.
  if (inner.found.mysql.from === 'url' || inner.found.redis.from === 'url') {
    await stopLeftEngines(dataDir);
  }
  inner.engines = await startEngines({
    dataDir,
    found: inner.found,
    log,
    signal: abort.signal,
  });
  writeRun(inner);
  const { mysql, redis } = inner.engines;
  return { adopted: Boolean(mysql?.adopted || redis?.adopted) };
}

async function prepare(inner: Inner): Promise<string[]> {
  const { dataDir, options, found, engines } = inner;
  if (found === null || engines === null) throw new Error('The engines are not started yet.');
  const { settings, notes } = await prepareSettings(dataDir, options.env, found, engines);
  inner.settings = settings;
  writeRun(inner);
  return notes;
}

// The sandbox and the mailbox first: the others lean on them from their first second.
async function startPrograms(inner: Inner, onReady: (name: ProgramName) => void): Promise<void> {
  const settings = settingsOf(inner);
  const wanted = PROGRAMS.filter((name) => runsProgram(settings, name));
  const isBase = (name: ProgramName) => name === 'sandbox' || name === 'mailbox';
  for (const wave of [wanted.filter(isBase), wanted.filter((name) => !isBase(name))]) {
    const starts = wave.map(async (name) => {
      inner.abort.signal.throwIfAborted();
      const program = keepProgram({
        name,
        script: scriptOf(inner, name),
        node: process.execPath,
        cwd: inner.root,
        env: {
          NODE_OPTIONS: programNodeOptions,
          ...inner.options.env,
          ...programEnv(settings, name),
        },
        logFile: join(inner.dataDir, 'logs', `${name}.log`),
        onChange: () => writeRun(inner),
        say: inner.options.say,
      });
      inner.programs.set(name, program);
      await program.start();
      onReady(name);
    });
    const results = await Promise.allSettled(starts);
    const failed = results.find((result) => result.status === 'rejected');
    inner.abort.signal.throwIfAborted();
    if (failed) throw failed.reason;
  }
}

async function stopAll(inner: Inner): Promise<void> {
  inner.abort.abort(new Error('stopping'));
  inner.state = 'stopping';
  writeRun(inner);
  for (const name of STOP_ORDER) await inner.programs.get(name)?.stop(PROGRAM_STOP_MS_MAX);
  await inner.engines?.stop();
  removeRunFile(inner.dataDir);
}

function killAll(inner: Inner): void {
  for (const program of inner.programs.values()) {
    if (program.process) signalProcess(program.process, 'SIGKILL', true);
  }
  void inner.engines?.redis?.stop(0);
  void inner.engines?.mysql?.stop(0);
}

function writeRun(inner: Inner): void {
  saveRunFile(inner.dataDir, runFileOf(inner));
}

function runFileOf(inner: Inner) {
  const { settings, engines } = inner;
  const supervisor = processRef(process.pid, 'node');
  if (supervisor === null) throw new Error('This process is not listed by the system.');
  const engineNames = (['mysql', 'redis'] as const).filter((name) => engines?.[name]);
  return {
    state: inner.state,
    started_at: inner.startedAt,
    supervisor,
    programs: [...inner.programs].map(([name, program]) => ({
      name,
      process: program.process,
      state: program.state,
      restarts: program.restarts,
    })),
    engines: engineNames,
    ports: settings ? { ...settings.ports } : {},
    urls: {
      page: settings ? `http://localhost:${settings.ports.api}` : '',
      mailbox: settings?.runs.mailbox ? `http://localhost:${settings.ports.mailboxHttp}` : null,
    },
  };
}
