// Which MySQL and which Redis this machine can offer, in the order: given by URL, on the PATH,
// from the system's package manager.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './engines-process.js';

export type EngineEnv = Readonly<Record<string, string | undefined>>;
export type EngineLog = (text: string) => void;

export type MysqlFlavour = 'mariadb' | 'mysql';
export type MysqlBinary = {
  path: string;
  flavour: MysqlFlavour;
  version: string;
  /** The program that makes an empty data folder; MySQL does it by itself. */
  installer: string | null;
};
export type RedisBinary = { path: string; version: string };

export type MysqlFound =
  | { from: 'url'; catalogUrl: string; shardUrls: string[] }
  | { from: 'binary'; binary: MysqlBinary }
  | { from: 'missing'; reason: string };
export type RedisFound =
  | { from: 'url'; url: string }
  | { from: 'binary'; binary: RedisBinary }
  | { from: 'missing'; reason: string };
export type EnginesFound = { mysql: MysqlFound; redis: RedisFound };

/** What a person has to do before Usher can run; the message is complete as it stands. */
export class EnginesMissingError extends Error {
  override name = 'EnginesMissingError';
}

const EXTRA_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/bin',
  '/usr/libexec',
];
const VERSION_TIMEOUT_MS = 10_000;
const INSTALL_TIMEOUT_MS = 600_000;

/** The full path of any of `names` in the first folder that has one: the PATH, then the system's. */
export function findProgram(names: readonly string[], env: EngineEnv): string | null {
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...EXTRA_FOLDERS];
  for (const folder of folders) {
    for (const name of names) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {}
    }
  }
  return null;
}

/** Looks for both engines without changing anything. */
export async function findEngines(env: EngineEnv): Promise<EnginesFound> {
  return { mysql: await findMysql(env), redis: await findRedis(env) };
}

async function findMysql(env: EngineEnv): Promise<MysqlFound> {
  const catalogUrl = env.USHER_MYSQL_URL;
  const shards = env.USHER_SHARDS;
  if (catalogUrl && shards) {
    const shardUrls = shards.split(',').map((url) => url.trim());
    return { from: 'url', catalogUrl, shardUrls: shardUrls.filter(Boolean) };
  }
  if (catalogUrl || shards) {
    throw new EnginesMissingError(
      `${catalogUrl ? 'USHER_MYSQL_URL' : 'USHER_SHARDS'} is set but ` +
        `${catalogUrl ? 'USHER_SHARDS' : 'USHER_MYSQL_URL'} is not. Set both to use your own ` +
        'databases, or neither to let Usher start private ones.',
    );
  }
  const path = findProgram(['mariadbd', 'mysqld'], env);
  if (path === null) return { from: 'missing', reason: 'no mariadbd or mysqld on the PATH' };
  return describeMysql(path, env);
}

async function describeMysql(path: string, env: EngineEnv): Promise<MysqlFound> {
  const { output } = await run(path, ['--no-defaults', '--version'], {
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  const flavour: MysqlFlavour = /mariadb/i.test(output) ? 'mariadb' : 'mysql';
  const version = /Ver\s+(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? '0.0.0';
  const oldest = flavour === 'mariadb' ? '10.6.0' : '8.0.16';
  if (isOlder(version, oldest)) {
    return { from: 'missing', reason: `${path} is ${flavour} ${version}, ${oldest} is needed` };
  }
  if (flavour === 'mysql') {
    return { from: 'binary', binary: { path, flavour, version, installer: null } };
  }
  const installer = findProgram(['mariadb-install-db', 'mysql_install_db'], env);
  if (installer === null) {
    return { from: 'missing', reason: `${path} is there, its mariadb-install-db is not` };
  }
  return { from: 'binary', binary: { path, flavour, version, installer } };
}

async function findRedis(env: EngineEnv): Promise<RedisFound> {
  const url = env.USHER_REDIS_URL;
  if (url) return { from: 'url', url };
  const path = findProgram(['redis-server', 'valkey-server'], env);
  if (path === null) {
    return { from: 'missing', reason: 'no redis-server or valkey-server on the PATH' };
  }
  const { output } = await run(path, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = /v=(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? '0.0.0';
  if (isOlder(version, '6.0.0')) {
    return { from: 'missing', reason: `${path} is version ${version}, 6.0 is needed` };
  }
  return { from: 'binary', binary: { path, version } };
}

function isOlder(version: string, oldest: string): boolean {
  const have = version.split('.').map(Number);
  const need = oldest.split('.').map(Number);
  for (let i = 0; i < 3; i += 1) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * Finds the engines and, where one is missing and apt may be used, installs it first.
 * Throws EnginesMissingError with the exact thing to do when that can't be done.
 */
export async function ensureEngines(
  env: EngineEnv,
  log: EngineLog,
  signal?: AbortSignal,
): Promise<EnginesFound> {
  let found = await findEngines(env);
  const packages = missingPackages(found);
  if (packages.length === 0) return found;
  const trouble = await installPackages(packages, env, log, signal);
  if (trouble === null) {
    found = await findEngines(env);
    if (missingPackages(found).length === 0) return found;
  }
  throw new EnginesMissingError(adviceFor(found, trouble));
}

function missingPackages(found: EnginesFound): string[] {
  const packages: string[] = [];
  if (found.mysql.from === 'missing') packages.push('mariadb-server-core', 'mariadb-client-core');
  if (found.redis.from === 'missing') packages.push('redis-server');
  return packages;
}

function adviceFor(found: EnginesFound, trouble: string | null): string {
  const reasons = [found.mysql, found.redis]
    .flatMap((engine) => (engine.from === 'missing' ? [engine.reason] : []))
    .join('; ');
  return [
    `Usher needs MariaDB (10.6 or newer) or MySQL (8.0.16 or newer), and Redis or Valkey: ${reasons}.`,
    ...(trouble ? [`They could not be installed by themselves: ${trouble}`] : []),
    'Do one of these, then start again:',
    '  Debian, Ubuntu:  sudo apt-get install mariadb-server-core mariadb-client-core redis-server',
    '  Fedora:          sudo dnf install mariadb-server redis',
    '  macOS:           brew install mariadb redis',
    '  Docker:          docker compose --profile demo up',
    '  Your own:        set USHER_MYSQL_URL, USHER_SHARDS and USHER_REDIS_URL',
  ].join('\n');
}

// Packages must not start system services: a policy file says so for the time of the install, and
// RUNLEVEL says it to scripts which don't ask the policy.
const INSTALL_SCRIPT = `
policy=/usr/sbin/policy-rc.d
trap 'exit 130' INT TERM
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
install() {
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" < /dev/null
}
resolve() {
  for name in "$@"; do
    if apt-cache show "$name" > /dev/null 2>&1; then echo "$name"; else
      match=$(apt-cache search --names-only "^$name-[0-9.]+\\$" | cut -d' ' -f1 | sort -V | tail -1)
      echo "\${match:-$name}"
    fi
  done
}
install "$@" && exit 0
apt-get update -o DPkg::Lock::Timeout=120 && install $(resolve "$@")
`;

/**
 * Installs Debian packages as root or by `sudo -n`, without starting their services. Returns null
 * when done, otherwise one sentence that says why not.
 */
export async function installPackages(
  packages: readonly string[],
  env: EngineEnv,
  log: EngineLog,
  signal?: AbortSignal,
): Promise<string | null> {
  if (findProgram(['apt-get'], env) === null) return 'there is no apt-get on this system.';
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !(await maySudo(env))) {
    return 'this needs root, and sudo is not there or asks for a password.';
  }
  log(`installing ${packages.join(', ')}`);
  const command = ['sh', '-c', INSTALL_SCRIPT, 'sh', ...packages];
  const [program, ...args] = isRoot ? command : ['sudo', '-n', ...command];
  const result = await run(program ?? 'sh', args, {
    timeoutMs: INSTALL_TIMEOUT_MS,
    onLine: log,
    ...(signal ? { signal } : {}),
  });
  if (result.code === 0) return null;
  const tail = result.output.trimEnd().split('\n').slice(-5).join('\n    ');
  return `apt-get ended with code ${result.code}:\n    ${tail}`;
}

async function maySudo(env: EngineEnv): Promise<boolean> {
  if (findProgram(['sudo'], env) === null) return false;
  const { code } = await run('sudo', ['-n', 'true'], { timeoutMs: VERSION_TIMEOUT_MS });
  return code === 0;
}
