import { existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { type Footing, footing } from '../../core/domain/footing.js';
import { closeRedis, openRedis } from '../../core/redis/connect.js';
import { checkRedis } from '../../core/redis/footing.js';
import { type Config, readConfig } from '../../core/runtime/config.js';
import { findEngines } from '../../core/runtime/engines-find.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { defaultSecretsFile, loadSecrets } from '../../core/runtime/secrets.js';
import { localEnv } from '../../core/runtime/supervisor-env.js';
import { localStatus } from '../../core/runtime/supervisor-run.js';
import { databaseName, knownShardUrls } from '../../core/store/catalog/shard-urls.js';
import { openDatabase, usualLimits } from '../../core/store/database.js';
import { checkDatabase } from '../../core/store/footing.js';
import { pendingMigrations } from '../../core/store/migrate.js';
import { addCommand, type Session } from '../command.js';
import { type CliContext, dataDirOf } from '../context.js';
import { exitCodes } from '../exit.js';
import { table } from '../out.js';

const nodeNeeded = [20, 19] as const;
const freeBytesMin = 2_000_000_000;
const portAskMsMax = 1_000;
const defaultPort = 3000;

/** Looks at everything that Usher stands on; each fault comes with its mending. */
export function addDoctorCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'doctor',
    summary:
      'check everything that Usher stands on, with a fix for each fault; exits 1 when one is',
    examples: ['usher doctor', 'usher doctor --json'],
    run: async ({ out, context }) => {
      const checks = [
        checkNode(),
        ...(await checkEngines(context)),
        checkBuild(),
        await checkDisk(context),
        await checkPort(context),
        ...(await checkServers(context)),
      ];
      const ok = checks.every((one) => one.ok);
      out.result({ ok, checks }, () =>
        [
          table(
            ['check', '', 'found'],
            checks.map((one) => [one.check, one.ok ? 'ok' : 'NO', one.detail]),
          ),
          ...checks.flatMap((one) => (one.fix ? [`${one.check}: ${one.fix}`] : [])),
          ok ? 'All is well.' : 'Not all is well.',
        ].join('\n'),
      );
      return ok ? exitCodes.done : exitCodes.refused;
    },
  });
}

function checkNode(): Footing {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > nodeNeeded[0] || (major === nodeNeeded[0] && minor >= nodeNeeded[1]);
  const fix = `Install Node ${nodeNeeded.join('.')} or newer: https://nodejs.org/`;
  return footing('node', ok, process.versions.node, fix);
}

async function checkEngines({ env }: CliContext): Promise<Footing[]> {
  const { mysql, redis } = await findEngines(env);
  const told = (found: typeof mysql | typeof redis) =>
    found.from === 'binary' ? found.binary.path : found.from === 'url' ? 'given by URL' : 'missing';
  return [
    footing(
      'MySQL server',
      mysql.from !== 'missing',
      told(mysql),
      'Install one (Debian: apt-get install mariadb-server), set USHER_MYSQL_URL and USHER_SHARDS, or use docker compose.',
    ),
    footing(
      'Redis server',
      redis.from !== 'missing',
      told(redis),
      'Install one (Debian: apt-get install redis-server), set USHER_REDIS_URL, or use docker compose.',
    ),
  ];
}

function checkBuild(): Footing {
  const built = existsSync(`${packageRoot}/dist/api/main.js`);
  return footing('build', built, built ? 'there' : 'missing', 'Run: npm run build');
}

async function checkDisk(context: CliContext): Promise<Footing> {
  const dataDir = dataDirOf(context);
  const place = existsSync(dataDir) ? dataDir : dirname(dataDir);
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const gigabytes = `${(free / 1e9).toFixed(1)} GB free at ${place}`;
  const fix = 'Free some space, or put the data elsewhere with USHER_DATA.';
  return footing('disk', free >= freeBytesMin, gigabytes, fix);
}

/** The port is free, or the Usher that runs here has it. */
async function checkPort(context: CliContext): Promise<Footing> {
  const status = localStatus(dataDirOf(context));
  const port = status.running
    ? (status.ports.api ?? defaultPort)
    : Number(context.env.USHER_PORT) || defaultPort;
  const check = `port ${port}`;
  if (status.running) {
    const answers = await portAnswers(port);
    const detail = answers ? 'the local Usher answers' : 'the local Usher does not answer';
    return footing(check, answers, detail, 'Look at the logs in the data folder.');
  }
  const free = await portIsFree(port);
  const detail = free ? 'free' : 'taken by another program';
  return footing(check, free, detail, 'Stop that program, or choose another with USHER_PORT.');
}

function portAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: portAskMsMax });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Databases, Redis and secrets, as far as the environment or the last start names them. */
async function checkServers(context: CliContext): Promise<Footing[]> {
  const dataDir = dataDirOf(context);
  let config: Config;
  try {
    config = readConfig(localEnv(dataDir, context.env) ?? context.env);
  } catch (error) {
    const nothing = Object.keys(context.env).every(
      (name) => !/^USHER_(MYSQL|SHARDS|REDIS)/.test(name),
    );
    const detail = nothing ? 'nothing was started here yet' : (error as Error).message;
    return [footing('settings', nothing, detail, 'Complete the environment, or use `usher up`.')];
  }
  return [
    checkSecrets(config),
    ...(await checkOneDatabase(config.catalogUrl, 'catalog', 'catalog')),
    ...(
      await Promise.all(
        (
          await allShardUrls(config)
        ).map((url) => checkOneDatabase(url, 'shard', databaseName(url))),
      )
    ).flat(),
    ...(await checkRedisAt(config.redisUrl)),
  ];
}

/** Those of the environment alone while the catalog can't be asked for the others. */
async function allShardUrls(config: Config): Promise<string[]> {
  const { catalogUrl, shardUrls } = config;
  try {
    return await knownShardUrls(catalogUrl, { urls: shardUrls, secrets: loadSecrets(config) });
  } catch {
    return shardUrls;
  }
}

function checkSecrets(config: Config): Footing {
  const file = config.secretsFile ?? defaultSecretsFile(config.dataDir);
  const fix = `Keep ${file} with its owner alone: chmod 600.`;
  if (!existsSync(file)) {
    const wanted = config.production || config.secretsFile !== undefined;
    const make = 'Name the file with your keys in USHER_SECRETS_FILE.';
    return footing('secrets', !wanted, 'not made yet', make);
  }
  try {
    loadSecrets(config);
  } catch (error) {
    return footing('secrets', false, (error as Error).message, 'Restore the file from its backup.');
  }
  const open = (statSync(file).mode & 0o077) !== 0;
  return footing('secrets', !open, open ? 'readable by others' : file, fix);
}

async function checkOneDatabase(
  url: string,
  kind: 'catalog' | 'shard',
  name: string,
): Promise<Footing[]> {
  const database = openDatabase(url, { ...usualLimits, connections: 1 });
  try {
    // Asked first: it says plainly when nobody answers.
    const settings = await checkDatabase(database, name);
    const pending = await pendingMigrations(url, kind);
    const detail = pending.length === 0 ? 'up to date' : `${pending.length} migrations are missing`;
    return [
      footing(`${name}: schema`, pending.length === 0, detail, 'Run: usher migrate'),
      ...settings,
    ];
  } catch (error) {
    const fix = 'Start the server (`usher up` starts the private ones), or correct its URL.';
    return [footing(`${name}: reachable`, false, (error as Error).message, fix)];
  } finally {
    await database.close();
  }
}

async function checkRedisAt(url: string): Promise<Footing[]> {
  const redis = openRedis(url, 'command', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      if (redis.status === 'ready') return resolve();
      redis.once('ready', resolve);
      redis.once('error', reject);
    });
    return await checkRedis(redis);
  } catch (error) {
    const fix = 'Start the server (`usher up` starts the private ones), or correct its URL.';
    return [footing('Redis: reachable', false, (error as Error).message, fix)];
  } finally {
    closeRedis(redis);
  }
}
