// A private MariaDB or MySQL: its folder, its settings, its start.
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { EngineLog, MysqlBinary } from './engines-find.js';
import {
  askPort,
  findByFolder,
  isRunning,
  type ProcessRef,
  pause,
  processRef,
  run,
  sizeOf,
  startDetached,
  stopProcess,
  tailOf,
} from './engines-process.js';
import { freePort } from './ports.js';

/** What has to be remembered between two starts; it holds a password, so keep it private. */
export type MysqlState = {
  port: number;
  password: string;
  flavour: string;
  settings: string;
  socketDir: string;
  process: ProcessRef | null;
};

export type MysqlSettings = { binlog: boolean; bufferPoolMb: number; redoLogMb: number };

export type MysqlStart = {
  /** The engine's own folder; it will hold `data/` and `mysql.log`. */
  dir: string;
  binary: MysqlBinary;
  settings: MysqlSettings;
  databases: readonly string[];
  password: string;
  port?: number | undefined;
  /** The one of this program when left out. */
  env?: NodeJS.ProcessEnv | undefined;
  log: EngineLog;
  signal?: AbortSignal | undefined;
  /** Called as soon as the process exists, before it is ready. */
  onSpawn: (state: MysqlState) => void;
};

export const MYSQL_USER = 'usher';
export const MYSQL_STOP_MS_MAX = 20_000;
const READY_MS_MAX = 120_000;
const INSTALL_MS_MAX = 120_000;
const MYSQL_WORDS = ['mariadbd', 'mysqld'];
// The unix limit for a socket's path is 107 characters, and a data folder may lie deep.
const SOCKET_PATH_MAX = 100;

/** Strict on both: the same list whatever the server would choose by itself. */
export const SQL_MODE = [
  'ONLY_FULL_GROUP_BY',
  'STRICT_TRANS_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
].join(',');

function commonArgs(start: MysqlStart, port: number, socketDir: string): string[] {
  const { settings, dir } = start;
  return [
    '--no-defaults',
    `--datadir=${join(dir, 'data')}`,
    `--tmpdir=${makeTmpDir(dir)}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(socketDir, 'mysql.sock')}`,
    `--pid-file=${join(dir, 'mysql.pid')}`,
    `--init-file=${join(dir, 'init.sql')}`,
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_bin',
    '--transaction-isolation=READ-COMMITTED',
    `--sql-mode=${SQL_MODE}`,
    '--default-time-zone=+00:00',
    '--skip-name-resolve',
    '--max-connections=400',
    '--max-allowed-packet=64M',
    '--performance-schema=OFF',
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-autoinc-lock-mode=2',
    '--innodb-lock-wait-timeout=3',
    `--innodb-buffer-pool-size=${settings.bufferPoolMb}M`,
    ...userArgs(),
  ];
}

function userArgs(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

function flavourArgs(start: MysqlStart): string[] {
  const { settings, binary } = start;
  const binlog = ['--log-bin=binlog', '--server-id=1', '--sync-binlog=1'];
  if (binary.flavour === 'mariadb') {
    const args = [`--innodb-log-file-size=${settings.redoLogMb}M`];
    return settings.binlog ? [...args, ...binlog, '--binlog-format=ROW'] : args;
  }
  return [
    `--innodb-redo-log-capacity=${settings.redoLogMb}M`,
    '--mysqlx=OFF',
    '--secure-file-priv=NULL',
    ...(settings.binlog ? binlog : ['--skip-log-bin']),
  ];
}

// Statements of an init file stand on one line each and run before the first connection is taken.
function initSql(start: MysqlStart): string {
  const user = `'${MYSQL_USER}'@'127.0.0.1'`;
  const lines = [
    `CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY '${start.password}';`,
    `ALTER USER ${user} IDENTIFIED BY '${start.password}';`,
    `GRANT ALL PRIVILEGES ON \`usher\\_%\`.* TO ${user};`,
    `GRANT PROCESS ON *.* TO ${user};`,
    // MySQL's root is made without a password; MariaDB's answers only to the same system user.
    ...(start.binary.flavour === 'mysql'
      ? [`ALTER USER 'root'@'localhost' IDENTIFIED BY '${start.password}';`]
      : []),
    ...start.databases.map(
      (name) =>
        `CREATE DATABASE IF NOT EXISTS \`${name}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Short text that changes when a running engine can't be adopted as it is. */
export function settingsDigest(settings: MysqlSettings, binary: MysqlBinary): string {
  const text = JSON.stringify([settings, binary.path, binary.version, SQL_MODE]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** True when the server on this loopback port greets new connections. */
export async function mysqlAnswers(port: number): Promise<boolean> {
  const greeting = await askPort(port, '', (answer) => answer.length > 4);
  // Byte 4 is the protocol version (10) of a greeting, or 255 for an error such as a shutdown.
  return greeting?.[4] === 10;
}

/** Stops whatever server still works on this folder, remembered or not. */
export async function stopMysqlOf(dir: string, known: ProcessRef | null): Promise<number> {
  const folder = join(dir, 'data');
  const running = existsSync(folder) ? findByFolder(realpathSync(folder), MYSQL_WORDS) : [];
  if (known && isRunning(known) && !running.some((ref) => ref.pid === known.pid)) {
    running.push(known);
  }
  for (const ref of running) await stopProcess(ref, MYSQL_STOP_MS_MAX);
  return running.length;
}

// A server that starts deletes what looks like left temporary tables: with a folder shared by all,
// those of its neighbours.
function makeTmpDir(dir: string): string {
  const path = join(dir, 'tmp');
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

async function makeData(start: MysqlStart): Promise<void> {
  const data = join(start.dir, 'data');
  if (existsSync(data)) return;
  // Made beside and renamed, so that a killed first start leaves no half-made folder in use.
  const fresh = join(start.dir, 'data.new');
  rmSync(fresh, { recursive: true, force: true });
  start.log('making an empty database folder');
  const { binary } = start;
  const tmpDir = `--tmpdir=${makeTmpDir(start.dir)}`;
  const [program, args] =
    binary.installer === null
      ? [binary.path, ['--no-defaults', '--initialize-insecure', `--datadir=${fresh}`, tmpDir]]
      : [
          binary.installer,
          [
            '--no-defaults',
            `--datadir=${fresh}`,
            tmpDir,
            '--auth-root-authentication-method=socket',
            `--auth-root-socket-user=${userInfo().username}`,
            '--skip-test-db',
            '--skip-name-resolve',
          ],
        ];
  const result = await run(program, [...args, ...userArgs()], {
    timeoutMs: INSTALL_MS_MAX,
    ...(start.signal ? { signal: start.signal } : {}),
  });
  start.signal?.throwIfAborted();
  if (result.code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`${program} could not make ${data}:\n${result.output.slice(-2_000)}`);
  }
  renameSync(fresh, data);
}

// The same folder for the same data at each start, so that killed starts don't pile them up; a
// stranger's folder of that name is not used.
function makeSocketDir(dir: string): string {
  const name = `usher-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
  const parent = tmpdir().length + name.length < SOCKET_PATH_MAX ? tmpdir() : '/tmp';
  const path = join(parent, name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  const isOurs = found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid);
  return isOurs ? path : mkdtempSync(join(parent, 'usher-'));
}

/**
 * Starts the server on its folder and waits until it greets. Nobody else may work on that folder
 * (see stopMysqlOf). Throws with the end of the server's log when it doesn't come up.
 */
export async function startMysql(start: MysqlStart): Promise<MysqlState> {
  mkdirSync(start.dir, { recursive: true, mode: 0o700 });
  await makeData(start);
  const port = await freePort(start.port);
  const socketDir = makeSocketDir(start.dir);
  const initFile = join(start.dir, 'init.sql');
  writeFileSync(initFile, initSql(start), { mode: 0o600 });
  const logFile = join(start.dir, 'mysql.log');
  const args = [...commonArgs(start, port, socketDir), ...flavourArgs(start)];
  const logged = sizeOf(logFile);
  const child = startDetached(start.binary.path, args, { cwd: start.dir, logFile, env: start.env });
  let failure: string | null = null;
  child.once('error', (error) => {
    failure = error.message;
  });
  child.once('exit', (code, signal) => {
    failure ??= `it ended with ${signal ?? `code ${code}`}`;
  });
  child.unref();
  const ref = child.pid === undefined ? null : processRef(child.pid, start.binary.path);
  const state: MysqlState = {
    port,
    password: start.password,
    flavour: start.binary.flavour,
    settings: settingsDigest(start.settings, start.binary),
    socketDir,
    process: ref,
  };
  start.onSpawn(state);
  const until = Date.now() + READY_MS_MAX;
  while (!(await mysqlAnswers(port))) {
    start.signal?.throwIfAborted();
    if (failure !== null || Date.now() > until) {
      if (ref) await stopProcess(ref, MYSQL_STOP_MS_MAX);
      const why = failure ?? `it didn't answer within ${READY_MS_MAX / 1000} s`;
      throw new Error(`${start.binary.path} did not start: ${why}\n${tailOf(logFile, logged)}`);
    }
    await pause(25);
  }
  rmSync(initFile, { force: true });
  return state;
}
