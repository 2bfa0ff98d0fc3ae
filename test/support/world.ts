import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCatalogFile } from '../../core/domain/catalog-file.js';
import { type Engines, startEngines } from '../../core/runtime/engines.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { loadSecrets, type Secrets } from '../../core/runtime/secrets.js';
import { openTokens, type Tokens } from '../../core/runtime/tokens.js';
import { importCatalog } from '../../core/store/catalog/import.js';
import { type AuditReport, audit } from '../../loadtest/audit/run.js';
import { programEnvironment } from '../../loadtest/stage/environment.js';
import {
  openPrograms,
  openWatchdog,
  type ProgramName,
  type Programs,
  type Watchdog,
} from './programs.js';
import { openTestStores, type TestStores } from './stores.js';
import { until } from './until.js';

export type WorldOptions = {
  programs?: ProgramName[];
  /** Engines of this world alone, for tests that stop or empty them. */
  own?: ('mysql' | 'redis')[];
  /** Seats in each of two rows of every show: A and B, in the rush P and Q. */
  rowSeats?: number;
  shows?: number;
  /** Shard databases; two when left out. */
  shards?: number;
  /** How long seats are held; written past the catalog file, which has a longer least time. */
  holdSeconds?: number;
  seatCap?: number;
};

/** A whole Usher of the built programs with its own databases, names and ports. */
export type World = {
  stores: TestStores;
  tokens: Tokens;
  /** Stops an engine of this world's own, lives through `meanwhile`, and starts it again. */
  without(engine: 'mysql' | 'redis', meanwhile: () => Promise<void>): Promise<void>;
  /** Kills an engine of this world's own with SIGKILL and starts it again on its data. */
  killEngine(engine: 'mysql' | 'redis'): Promise<void>;
  url: string;
  sandboxUrl: string;
  /** Shows of the standing sale `desk`. */
  showIds: number[];
  /** The one show of the sale `rush`, which is open and has a waiting room. */
  rushId: number;
  start: Programs['start'];
  program: Programs['find'];
  /** Runs `usher` to its end against this Usher's own stores. */
  cli(args: string[]): Promise<{ code: number; out: string; err: string }>;
  sandbox(path: string, method?: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Waits until every bound has passed and the auditor finds nothing. */
  settles(): Promise<AuditReport>;
};

const everything: ProgramName[] = ['sandbox', 'mailbox', 'api', 'admission', 'processor'];

/**
 * A test body with a world around it: opened before, closed after whatever happens, and when the
 * test fails the ends of the programs' logs are printed.
 */
export function inWorld(
  options: WorldOptions,
  test: (world: World) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const opened = await openWorld(options);
    try {
      await test(opened.world);
    } catch (error) {
      console.error(opened.tails());
      throw error;
    } finally {
      await opened.close();
    }
  };
}

/** An open world; `close` ends all that it started. */
export type Opened = { world: World; tails(): string; close(): Promise<void> };

export async function openWorld(options: WorldOptions): Promise<Opened> {
  const dataDir = mkdtempSync(join(tmpdir(), 'usher-world-'));
  const watchdog = openWatchdog();
  const closers: (() => Promise<void> | void)[] = [
    () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }),
    () => watchdog.end(),
  ];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const engines = await openEngines(dataDir, options.own ?? [], watchdog);
    if (engines) closers.push(() => engines.stop());
    const stores = await openTestStores(options.shards ?? 2, {
      ...(engines?.mysql ? { mysqlAdminUrl: engines.mysqlUrl('') } : {}),
      ...(engines?.redis ? { redisUrl: engines.redisUrl } : {}),
    });
    closers.push(() => stores.close());
    const env = {
      ...(await programEnvironment({ ...stores, path: process.env.PATH, dataDir })),
      USHER_REDIS_PREFIX: stores.redisPrefix,
    };
    const secrets = loadSecrets({
      dataDir: env.USHER_DATA,
      secretsFile: undefined,
      production: false,
    });
    const shows = await importShows(stores, secrets, options);
    const programs = openPrograms(env, watchdog);
    closers.push(() => programs.close());
    const world: World = {
      stores,
      tokens: openTokens(secrets),
      without: (name, meanwhile) =>
        outage(engines, { name, signal: 'SIGTERM', meanwhile, watchdog }),
      killEngine: (name) =>
        outage(engines, { name, signal: 'SIGKILL', meanwhile: async () => undefined, watchdog }),
      url: `http://127.0.0.1:${env.USHER_PORT}`,
      sandboxUrl: env.STRIPE_API_BASE ?? '',
      ...shows,
      start: programs.start,
      program: programs.find,
      cli: (args) => runCommand(args, env),
      sandbox: (path, method = 'GET', body) =>
        callSandbox(env.STRIPE_API_BASE ?? '', { path, method, body }),
      settles: () => settles(stores, env.STRIPE_API_BASE ?? ''),
    };
    await Promise.all((options.programs ?? everything).map((name) => programs.start(name)));
    return { world, tails: programs.tails, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function settles(stores: TestStores, providerUrl: string): Promise<AuditReport> {
  const { catalogUrl, shardUrls } = stores;
  // What the api left to the reconciler is looked at now, not when its turn would be.
  await stores.catalog.change('UPDATE inbox SET due_at = NOW(3) WHERE waiting = 1');
  let report: AuditReport | undefined;
  try {
    await until(
      async () => {
        report = await audit({ catalogUrl, shardUrls, settled: true, providerUrl });
        return report.clean;
      },
      { ms: 30_000, every: 250, what: 'a clean audit' },
    );
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${JSON.stringify(report?.violations, null, 1)}`);
  }
  if (!report) throw new Error('no audit was made');
  return report;
}

async function runCommand(
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist/cli/main.js'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const code = await new Promise<number>((resolve) => child.on('close', (n) => resolve(n ?? -1)));
  return { code, ...said };
}

async function callSandbox(
  url: string,
  { path, method, body }: { path: string; method: string; body: unknown },
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

async function openEngines(
  dataDir: string,
  own: ('mysql' | 'redis')[],
  watchdog: Watchdog,
): Promise<Engines | undefined> {
  if (own.length === 0) return undefined;
  const engines = await startEngines({
    dataDir: join(dataDir, 'engines'),
    env: process.env,
    only: own,
    databases: [],
    bufferPoolMb: 64,
    redoLogMb: 48,
  });
  watchdog.watch(engines.pids.mysql);
  watchdog.watch(engines.pids.redis);
  return engines;
}

type Outage = {
  name: 'mysql' | 'redis';
  signal: 'SIGTERM' | 'SIGKILL';
  meanwhile: () => Promise<void>;
  watchdog: Watchdog;
};

async function outage(engines: Engines | undefined, how: Outage): Promise<void> {
  const engine = engines?.[how.name];
  if (!engine) throw new Error(`this world has no ${how.name} of its own`);
  if (how.signal === 'SIGKILL' && engine.pid !== null) process.kill(engine.pid, 'SIGKILL');
  else await engine.stop();
  await until(() => engine.pid === null, { what: `the end of ${how.name}` });
  try {
    await how.meanwhile();
  } finally {
    await engine.start();
    how.watchdog.watch(engine.pid ?? undefined);
  }
}

async function importShows(
  stores: TestStores,
  secrets: Secrets,
  options: WorldOptions,
): Promise<{ showIds: number[]; rushId: number }> {
  const { rowSeats = 10, shows = 1, holdSeconds = 300, seatCap = 10 } = options;
  const parsed = parseCatalogFile(catalogText({ rowSeats, shows, seatCap }), {
    format: 'yaml',
    now: Date.now(),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const report = await importCatalog({ ...stores, secrets }, parsed.catalog, { actor: 'test' });
  if (!report.ok) throw new Error(JSON.stringify(report.faults));
  for (const id of stores.shards.ids()) {
    await stores.shards.byId(id).change('UPDATE show_head SET hold_seconds = ?', [holdSeconds]);
  }
  const rows = await stores.catalog.rows<{ show_id: number; sale_id: string }>(
    'SELECT show_id, sale_id FROM shows ORDER BY show_id',
  );
  return {
    showIds: rows.filter((row) => row.sale_id === 'desk').map((row) => row.show_id),
    rushId: rows.find((row) => row.sale_id === 'rush')?.show_id ?? 0,
  };
}

function catalogText(size: { rowSeats: number; shows: number; seatCap: number }): string {
  const days = `1-${size.shows}`;
  const common = `movie: metropolis, time: "20:00", currency: EUR, prices: { all: 1200 }`;
  return `
cities:
  - { key: berlin, name: Berlin, country: DE, time_zone: Europe/Berlin, lat_long: [52.52, 13.4] }
cinemas:
  - { key: ufa, name: Ufa, city: berlin, address: Platz 1, postal_code: "10115", lat_long: [52.5, 13.4] }
halls:
  - { key: hall, cinema: ufa, name: Hall, layout: { rows: [{ row: A-B, zone: all, seats: 1-${size.rowSeats} }] } }
  - { key: studio, cinema: ufa, name: Studio, layout: { rows: [{ row: P-Q, zone: all, seats: 1-${size.rowSeats} }] } }
movies:
  - { key: metropolis, title: Metropolis, runtime_minutes: 153, certificate: PG, languages: [German], genres: [Drama] }
sales:
  - { key: desk, name: Desk, standing: true, seat_cap: ${size.seatCap}, refund: { until_hours_before: 1, fee_percent: 10 } }
  - { key: rush, name: Rush, opens_at: -1s, rate_per_minute: 60000, pass_cap: 1000, seat_cap: ${size.seatCap} }
shows:
  - { sale: desk, hall: hall, days: ${days}, ${common} }
  - { sale: rush, hall: studio, day: 90, ${common} }
`;
}
