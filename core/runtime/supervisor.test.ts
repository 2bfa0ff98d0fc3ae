import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../../test/support/until.js';
import { stopLeftEngines } from './engines.js';
import { packageRoot } from './paths.js';
import { freePort } from './ports.js';
import { AlreadyRunningError, openSupervisor, type Supervisor } from './supervisor.js';
import { localEnv, PROGRAMS } from './supervisor-env.js';
import { localStatus, stopLeftPrograms, stopLocal } from './supervisor-run.js';

const root = mkdtempSync(join(tmpdir(), 'usher-supervisor-'));
const dataDir = join(root, 'data');
const said: string[] = [];

// Stand-ins for the programs: they tell their environment, and end when they are asked to.
const STAND_IN = `
  const fs = require('node:fs');
  const [program] = __dirname.split('/').slice(-1);
  fs.writeFileSync(__dirname + '/env.json', JSON.stringify(process.env));
  console.log(JSON.stringify({ msg: program === 'sandbox' ? 'listening' : 'ready' }));
  process.on('SIGTERM', () => {
    fs.appendFileSync(__dirname + '/../ends.txt', program + ' ');
    process.exit(0);
  });
  setInterval(() => undefined, 1000);
`;

function writePrograms(): void {
  for (const name of [...PROGRAMS, 'cli']) {
    mkdirSync(join(root, 'dist', name), { recursive: true });
    writeFileSync(join(root, 'dist', name, 'main.js'), STAND_IN);
  }
  writeFileSync(join(root, 'package.json'), '{}');
  rmSync(join(root, 'dist/ends.txt'), { force: true });
}

async function open(): Promise<Supervisor> {
  const env = { ...process.env, USHER_PORT: String(await freePort()) };
  return openSupervisor({ dataDir, env, root, say: (text) => said.push(text) });
}

async function start(opened?: Supervisor): Promise<Supervisor> {
  const supervisor = opened ?? (await open());
  await supervisor.startEngines(() => undefined);
  await supervisor.prepare();
  await supervisor.startPrograms(() => undefined);
  supervisor.started();
  return supervisor;
}

function isAlive(pid: number | null | undefined): boolean {
  return pid !== null && pid !== undefined && existsSync(`/proc/${pid}/exe`);
}

function allPids(): number[] {
  const { programs, engines } = localStatus(dataDir);
  return [...programs, ...engines].flatMap(({ pid }) => (pid === null ? [] : [pid]));
}

afterEach(async () => {
  await stopLeftPrograms(dataDir);
  await stopLeftEngines(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
  said.length = 0;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the supervisor', () => {
  it('starts everything, tells where it is, and stops it in order without a trace', async () => {
    writePrograms();
    const supervisor = await start();
    const status = localStatus(dataDir);
    expect(status.state).toBe('running');
    expect(status.programs.map(({ state }) => state)).toEqual(PROGRAMS.map(() => 'ready'));
    expect(status.engines.map(({ state }) => state)).toEqual(['ready', 'ready']);
    const pids = allPids();
    expect(pids).toHaveLength(PROGRAMS.length + 2);
    await supervisor.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(readFileSync(join(root, 'dist/ends.txt'), 'utf8').trim().split(' ')).toEqual([
      'api',
      'admission',
      'processor',
      'sandbox',
      'mailbox',
    ]);
    expect(localStatus(dataDir).state).toBe('stopped');
  });

  it('gives each program its environment and lets commands find the same', async () => {
    writePrograms();
    const supervisor = await start();
    const api = JSON.parse(readFileSync(join(root, 'dist/api/env.json'), 'utf8'));
    expect(api.USHER_SHARDS.split(',')).toHaveLength(2);
    expect(api.USHER_MYSQL_URL).toMatch(/usher_catalog$/);
    expect(api.SANDBOX_SECRET_KEY).toBeUndefined();
    const sandbox = JSON.parse(readFileSync(join(root, 'dist/sandbox/env.json'), 'utf8'));
    expect(sandbox.SANDBOX_SECRET_KEY).toBe(api.STRIPE_SECRET_KEY);
    expect(api.STRIPE_API_BASE).toBe(`http://127.0.0.1:${sandbox.SANDBOX_PORT}`);
    expect(localEnv(dataDir, {})?.USHER_REDIS_URL).toBe(api.USHER_REDIS_URL);
    await supervisor.stop();
  });

  it('starts a program that died again and says so', async () => {
    writePrograms();
    const supervisor = await start();
    const before = localStatus(dataDir).programs.find(({ name }) => name === 'processor');
    process.kill(before?.pid ?? 0, 'SIGKILL');
    const now = () => localStatus(dataDir).programs.find(({ name }) => name === 'processor');
    await until(() => now()?.restarts === 1 && now()?.state === 'ready', {
      ms: 20_000,
      what: 'it is ready again',
    });
    expect(now()?.pid).not.toBe(before?.pid);
    expect(said.join('\n')).toContain('processor ended (SIGKILL)');
    await supervisor.stop();
  });

  it('fails with the end of the log when a program refuses to start', async () => {
    writePrograms();
    writeFileSync(
      join(root, 'dist/admission/main.js'),
      "console.error('no room'); process.exit(2)",
    );
    const supervisor = await open();
    await expect(start(supervisor)).rejects.toThrow(/admission did not start: code 2\nno room/);
    const pids = allPids();
    await supervisor.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('refuses a second start on the same folder, and `down` ends the first', async () => {
    writePrograms();
    const other = await startElsewhere();
    await expect(open()).rejects.toThrow(AlreadyRunningError);
    const pids = allPids();
    expect((await stopLocal(dataDir)).stopped).toBe('supervisor');
    expect(pids.filter(isAlive)).toEqual([]);
    expect(isAlive(other.pid)).toBe(false);
  });

  it('recovers what a killed supervisor left: stops its programs, adopts its engines', async () => {
    writePrograms();
    const killed = await startElsewhere();
    const left = localStatus(dataDir);
    process.kill(killed.pid ?? 0, 'SIGKILL');
    await until(() => localStatus(dataDir).state === 'killed', { ms: 20_000, what: 'it is dead' });
    const supervisor = await open();
    expect(said.join('\n')).toContain('stopped what it left: api, admission, processor');
    expect(left.programs.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(await supervisor.startEngines(() => undefined)).toEqual({ adopted: true });
    await supervisor.stop();
    expect(left.engines.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });
});

/** A supervisor in a process of its own, as `usher up` is. */
async function startElsewhere() {
  const port = await freePort();
  const driver = `
    import { openSupervisor } from '${packageRoot}/dist/core/runtime/supervisor.js';
    const supervisor = await openSupervisor({
      dataDir: '${dataDir}', root: '${root}', say: console.log,
      env: { ...process.env, USHER_PORT: '${port}' },
    });
    process.on('SIGTERM', () => supervisor.stop().then(() => process.exit(0)));
    await supervisor.startEngines(() => undefined);
    await supervisor.prepare();
    await supervisor.startPrograms(() => undefined);
    supervisor.started();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', driver], { stdio: 'ignore' });
  await until(() => localStatus(dataDir).state === 'running', {
    ms: 20_000,
    what: 'the other supervisor runs',
  });
  return child;
}
