// A whole Usher that belongs to one run: private engines, all programs, provider and mailbox. It is
// thrown away at the end.
import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mysql, { type Connection } from 'mysql2/promise';
import {
  type Engines,
  type StartEnginesOptions,
  startEngines,
} from '../../core/runtime/engines.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { run } from '../bench/stage.js';
import { type EngineClocks, openEngineClocks } from './engine-clock.js';
import { programEnvironment } from './environment.js';
import { type Program, type ProgramName, prepareProgram } from './programs.js';
import { openScratch, type Scratch } from './scratch.js';
import { mountSmallDisk } from './small-disk.js';
import { openSigners, type Signers } from './tokens.js';

export type PrivateUsher = {
  url: string;
  providerUrl: string;
  mailboxUrl: string;
  dataDir: string;
  env: NodeJS.ProcessEnv;
  engines: Engines;
  /** Undefined when the engines go by the machine's clock. */
  clocks: EngineClocks | undefined;
  /** Addresses of the engines themselves, past any proxy. */
  catalogUrl: string;
  shardUrls: string[];
  catalog: Connection;
  shards: Connection[];
  sign: Signers;
  programs: Program[];
  /** By its label, such as `processor 2`. */
  program(label: string): Program;
  /** Imports a catalog file, given as its object. */
  importCatalog(file: unknown): Promise<void>;
  /** Accounts without passwords, written straight into the catalog. */
  addFans(count: number): Promise<string[]>;
  /** Opens the connections of this run again, after MySQL was restarted. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
};

export type PrivateOptions = {
  env: NodeJS.ProcessEnv;
  /** The build to run; the own one when left out. */
  dist?: string;
  processors?: number;
  admissions?: number;
  shards?: number;
  engines?: Partial<StartEnginesOptions>;
  /** Puts something between the programs and what they lean on, such as wires of our own. */
  rewire?: (direct: NodeJS.ProcessEnv) => Promise<(label: string) => NodeJS.ProcessEnv>;
  /** Puts each engine on a disk of so many MiB, which a fault can fill. */
  smallDisks?: Record<'mysql' | 'redis', number> | undefined;
  /** Gives each engine a clock of its own, which a fault can move. */
  ownClocks?: boolean;
  say?: (text: string) => void;
};

const catalogName = 'usher_load_catalog';
const idChars = '0123456789abcdefghijklmnopqrstuvwxyz';
const fansPerStatement = 2_000;

export async function openPrivateUsher(options: PrivateOptions): Promise<PrivateUsher> {
  const scratch = await openScratch('usher-load-');
  const dataDir = scratch.dir;
  const shardNames = Array.from({ length: options.shards ?? 1 }, (_, no) => `usher_load_${no + 1}`);
  for (const [name, mib] of Object.entries(options.smallDisks ?? {})) {
    mountSmallDisk(join(scratch.enginesDir, name), mib);
  }
  const clocks = options.ownClocks ? openEngineClocks(dataDir, options.env.PATH) : undefined;
  options.say?.('starting private engines');
  const engines = await startEngines({
    dataDir: scratch.enginesDir,
    signal: scratch.signal,
    env: { PATH: options.env.PATH },
    ...(clocks ? { envOf: clocks.envOf } : {}),
    databases: [catalogName, ...shardNames],
    bufferPoolMb: 128,
    redoLogMb: 96,
    ...options.engines,
  });
  const closers: (() => Promise<unknown> | undefined)[] = [() => engines.stop()];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
    scratch.remove();
  };
  try {
    const direct: NodeJS.ProcessEnv = await programEnvironment({
      path: options.env.PATH,
      dataDir,
      catalogUrl: engines.mysqlUrl(catalogName),
      shardUrls: shardNames.map((name) => engines.mysqlUrl(name)),
      redisUrl: engines.redisUrl,
    });
    mkdirSync(join(dataDir, 'data'), { recursive: true });
    await run('cli/main.js', ['migrate', '--json'], direct);
    const envOf = options.rewire ? await options.rewire(direct) : () => direct;
    const programs = programsOf(options, envOf, scratch);
    closers.push(() => Promise.all(programs.map((program) => program.end('SIGKILL'))));
    options.say?.('starting Usher');
    await Promise.all(programs.slice(0, 2).map((program) => program.start()));
    await Promise.all(programs.slice(2).map((program) => program.start()));
    const usher = await assemble({ dataDir, engines, clocks, shardNames, direct, programs });
    closers.push(() => usher.hangUp());
    // Not spread: its connections are getters, which a restarted engine changes.
    return Object.assign(usher.face, { close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** Programs are labelled `api`, `processor`, `processor 2` and so on. */
function programsOf(
  options: PrivateOptions,
  envOf: (label: string) => NodeJS.ProcessEnv,
  { adopt }: Scratch,
): Program[] {
  const dist = options.dist ?? join(packageRoot, 'dist');
  const some = (name: ProgramName, count = 1): [ProgramName, string][] =>
    Array.from({ length: count }, (_, no) => [name, no === 0 ? name : `${name} ${no + 1}`]);
  const wanted = [
    ...some('sandbox'),
    ...some('mailbox'),
    ...some('api'),
    ...some('admission', options.admissions),
    ...some('processor', options.processors),
  ];
  return wanted.map(([name, label]) =>
    prepareProgram(name, { dist, env: envOf(label), label, adopt }),
  );
}

type Parts = {
  dataDir: string;
  engines: Engines;
  clocks: EngineClocks | undefined;
  shardNames: string[];
  direct: NodeJS.ProcessEnv;
  programs: Program[];
};

async function assemble(
  parts: Parts,
): Promise<{ face: Omit<PrivateUsher, 'close'>; hangUp(): Promise<void> }> {
  const { dataDir, engines, clocks, shardNames, direct, programs } = parts;
  const catalogUrl = engines.mysqlUrl(catalogName);
  const shardUrls = shardNames.map((name) => engines.mysqlUrl(name));
  const connect = (uri: string) => connectTo(uri);
  let catalog = await connect(catalogUrl);
  let shards = await Promise.all(shardUrls.map(connect));
  const hangUp = async () => {
    for (const connection of [catalog, ...shards]) connection.destroy();
  };
  const face: Omit<PrivateUsher, 'close'> = {
    url: `http://127.0.0.1:${direct.USHER_PORT}`,
    providerUrl: direct.STRIPE_API_BASE ?? '',
    mailboxUrl: `http://127.0.0.1:${direct.MAILBOX_HTTP_PORT}`,
    dataDir,
    env: direct,
    engines,
    clocks,
    catalogUrl,
    shardUrls,
    get catalog() {
      return catalog;
    },
    get shards() {
      return shards;
    },
    sign: openSigners(join(dataDir, 'data', 'secrets.json')),
    programs,
    program: (label) => {
      const found = programs.find((program) => program.label === label);
      if (!found) throw new Error(`this Usher has no ${label}`);
      return found;
    },
    importCatalog: async (file) => {
      const path = join(dataDir, 'catalog.json');
      writeFileSync(path, JSON.stringify(file));
      await run('cli/main.js', ['import', path, '--json'], direct);
    },
    addFans: (count) => addFans(catalog, count),
    reconnect: async () => {
      await hangUp();
      catalog = await connect(catalogUrl);
      shards = await Promise.all(shardUrls.map(connect));
    },
  };
  return { face, hangUp };
}

async function connectTo(uri: string): Promise<Connection> {
  const connection = await mysql.createConnection({ uri, timezone: 'Z', jsonStrings: true });
  // A server that ends must not end the run.
  connection.on('error', () => undefined);
  return connection;
}

async function addFans(catalog: Connection, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () =>
    Array.from({ length: 12 }, () => idChars[randomInt(idChars.length)]).join(''),
  );
  for (let from = 0; from < ids.length; from += fansPerStatement) {
    const rows = ids.slice(from, from + fansPerStatement).map((id) => [id, 'ACTIVE']);
    await catalog.query('INSERT INTO fans (fan_id, state) VALUES ?', [rows]);
  }
  return ids;
}
