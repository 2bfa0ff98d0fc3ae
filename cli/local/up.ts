// `usher up`: a whole local Usher in the foreground, until Ctrl-C.
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { Listr, type ListrTask } from 'listr2';
import { EnginesMissingError } from '../../core/runtime/engines-find.js';
import {
  AlreadyRunningError,
  openSupervisor,
  type Supervisor,
} from '../../core/runtime/supervisor.js';
import { PROGRAMS, runsProgram } from '../../core/runtime/supervisor-env.js';
import { localStatus } from '../../core/runtime/supervisor-run.js';
import { welcomeText } from './welcome.js';

export type UpOptions = {
  dataDir: string;
  /** Put the example premiere into an empty catalog. */
  demo: boolean;
  /** Say nothing but one JSON document when everything is ready. */
  json: boolean;
  env: NodeJS.ProcessEnv;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable;
  stdin?: Readable;
};

const DEMO_CATALOG = 'examples/premiere.yaml';
// npm forwards the Ctrl-C that the terminal has sent to everybody already: one press, two signals.
const SAME_PRESS_MS = 1_000;
const PARENT_CHECK_MS = 500;

/**
 * Runs until it is told to stop (SIGINT, SIGTERM, SIGHUP, or the end of the npm that called it).
 * Resolves with the exit code when nothing of it runs any more: 0 after a stop, 1 when the start
 * failed, 3 when engines are missing.
 */
export async function runUp(options: UpOptions): Promise<0 | 1 | 3> {
  const said: string[] = [];
  let isShown = false;
  const say = (text: string) => {
    if (isShown) options.stderr.write(`${text}\n`);
    else said.push(text);
  };
  // A terminal that is gone must not keep the engines from being stopped in order.
  for (const stream of [options.stdout, options.stderr]) stream.on('error', () => undefined);
  let supervisor: Supervisor;
  try {
    supervisor = await openSupervisor({ dataDir: options.dataDir, env: options.env, say });
  } catch (error) {
    if (!(error instanceof AlreadyRunningError)) throw error;
    options.stderr.write(`usher: ${error.message}\n`);
    return 1;
  }
  const ending = watchForEnd(supervisor, options, say);
  try {
    await startInSteps(supervisor, options, said);
    supervisor.started();
    isShown = true;
    for (const text of said) options.stderr.write(`${text}\n`);
    if (options.json) {
      options.stdout.write(`${JSON.stringify(localStatus(options.dataDir), null, 2)}\n`);
    } else options.stdout.write(welcomeText(supervisor.settings));
  } catch (error) {
    isShown = true;
    const wasAsked = supervisor.signal.aborted;
    if (!wasAsked) options.stderr.write(`\nusher: ${messageOf(error)}\n`);
    ending.ask('the start failed');
    await ending.done;
    if (wasAsked) return 0;
    return error instanceof EnginesMissingError ? 3 : 1;
  }
  await ending.done;
  if (!options.json) options.stderr.write('Stopped. The data stays.\n');
  return 0;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Ending = { ask: (why: string) => void; done: Promise<void> };

/** Turns signals into one orderly stop; a second press makes it a hard one. */
function watchForEnd(
  supervisor: Supervisor,
  options: UpOptions,
  say: (text: string) => void,
): Ending {
  let askedAt = 0;
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const ask = (why: string) => {
    if (askedAt === 0) {
      askedAt = Date.now();
      if (!options.json) options.stderr.write(`\nStopping (${why}) …\n`);
      void supervisor.stop().then(finish, (error) => {
        say(`The stop was not clean: ${messageOf(error)}`);
        finish();
      });
    } else if (Date.now() - askedAt > SAME_PRESS_MS) supervisor.hurry();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, () => ask(signal));
  const stopFollowing = followNpm(options.env, () => ask('npm has ended'));
  void done.then(stopFollowing);
  return { ask, done };
}

/**
 * Under npm the shell between doesn't pass SIGTERM on, and a killed npm sends nothing: its end is
 * seen by the parents changing.
 */
function followNpm(env: NodeJS.ProcessEnv, onEnd: () => void): () => void {
  if (!env.npm_lifecycle_event) return () => undefined;
  const before = parents();
  const timer = setInterval(() => {
    if (parents() === before) return;
    clearInterval(timer);
    onEnd();
  }, PARENT_CHECK_MS);
  return () => clearInterval(timer);
}

function parents(): string {
  const parent = process.ppid;
  try {
    const stat = readFileSync(`/proc/${parent}/stat`, 'latin1');
    return `${parent} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return String(parent);
  }
}

async function startInSteps(
  supervisor: Supervisor,
  options: UpOptions,
  said: string[],
): Promise<void> {
  const tasks: ListrTask[] = [
    {
      title: 'Starting MySQL and Redis',
      task: async (_, task) => {
        const { adopted } = await supervisor.startEngines((text) => {
          task.output = text;
        });
        if (adopted) task.title += ' (picked up from the last start)';
        said.push(...(await supervisor.prepare()));
      },
    },
    {
      title: 'Bringing the databases to the newest schema',
      task: (_, task) =>
        migrate(
          supervisor,
          (text) => {
            task.output = text;
          },
          (text) => said.push(text),
        ),
    },
    {
      title: 'Starting the programs',
      task: async (_, task) => {
        const names = PROGRAMS.filter((name) => runsProgram(supervisor.settings, name));
        const waiting = new Set(names);
        task.output = `waiting for ${names.join(', ')}`;
        await supervisor.startPrograms((name) => {
          waiting.delete(name);
          if (waiting.size > 0) task.output = `waiting for ${[...waiting].join(', ')}`;
        });
      },
    },
    {
      title: 'Importing the example premiere',
      // Last, because its openings count from this moment.
      skip: async () => !options.demo || !(await wantsDemo(supervisor)),
      task: (_, task) =>
        importDemo(supervisor, (text) => {
          task.output = text;
        }),
    },
  ];
  for (const task of tasks) task.rendererOptions = { bottomBar: false };
  await new Listr(tasks, {
    registerSignalListeners: false,
    concurrent: false,
    exitOnError: true,
    rendererOptions: { showErrorMessage: false, collapseSkips: true },
    fallbackRenderer: 'simple',
    silentRendererCondition: options.json,
  }).run();
}

async function migrate(
  supervisor: Supervisor,
  onStep: (text: string) => void,
  say: (text: string) => void,
): Promise<void> {
  const { migrateAll } = await import('../../core/store/migrate.js');
  const { loadSecrets } = await import('../../core/runtime/secrets.js');
  const { catalogUrl, shardUrls, dataDir, secretsFile } = supervisor.settings;
  supervisor.signal.throwIfAborted();
  const shards = shardUrls.map((url) => ({ name: new URL(url).pathname.slice(1), url }));
  const secrets = loadSecrets({ dataDir, secretsFile, production: false });
  const { away } = await migrateAll({ catalogUrl, shards, secrets }, onStep);
  for (const name of away) say(`Shard ${name} does not answer; its shows wait for it.`);
  supervisor.signal.throwIfAborted();
}

async function wantsDemo(supervisor: Supervisor): Promise<boolean> {
  const { isCatalogEmpty } = await import('../../core/store/catalog-empty.js');
  const isEmpty = await isCatalogEmpty(supervisor.settings.catalogUrl);
  return isEmpty || (supervisor.settings.demoStarted && !supervisor.settings.demoImported);
}

async function importDemo(supervisor: Supervisor, onStep: (text: string) => void): Promise<void> {
  supervisor.remember({ demoStarted: true });
  const { code, output } = await supervisor.runCli(['import', DEMO_CATALOG], onStep);
  supervisor.signal.throwIfAborted();
  if (code !== 0) {
    throw new Error(`${DEMO_CATALOG} could not be imported (code ${code}):\n${output.trimEnd()}`);
  }
  supervisor.remember({ demoImported: true });
}
