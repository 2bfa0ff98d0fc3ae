import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { packageRoot } from '../../core/runtime/paths.js';
import { until } from '../../test/support/until.js';
import { openScratch, sweepOrphans } from './scratch.js';

type Left = { dir: string; program: number; engine: number };

/** A run as benches and faults are: an engine, a program, and work that does not end. */
const runText = `
  const { endWithCaller, openScratch } = await import('./dist/loadtest/stage/scratch.js');
  const { startEngines } = await import('./dist/core/runtime/engines.js');
  const { spawn } = await import('node:child_process');
  endWithCaller();
  const scratch = await openScratch('usher-load-');
  const { pids } = await startEngines({
    dataDir: scratch.enginesDir, env: { PATH: process.env.PATH }, only: ['redis'],
  });
  const program = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  scratch.adopt(program.pid);
  console.log(JSON.stringify({ dir: scratch.dir, program: program.pid, engine: pids.redis }));
  setInterval(() => 0, 1000);
`;

async function startRun(): Promise<{ child: ChildProcess; left: Left }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', runText], {
    cwd: packageRoot,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await until(() => text.includes('\n'), { ms: 30_000, what: 'the run works' });
  return { child, left: JSON.parse(text) as Left };
}

function runs(pid: number): boolean {
  try {
    // A zombie has no command line and nothing left to stop.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

const isGone = ({ dir, program, engine }: Left) =>
  !existsSync(dir) && !runs(program) && !runs(engine);

it.each(['SIGINT', 'SIGTERM', 'disconnect'] as const)(
  'leaves nothing after %s',
  async (how) => {
    const { child, left } = await startRun();
    if (how === 'disconnect') child.disconnect();
    else child.kill(how);
    await until(() => isGone(left) && child.exitCode !== null, { ms: 30_000, what: 'all is gone' });
    expect(child.exitCode).toBe(how === 'SIGINT' ? 130 : 143);
  },
  60_000,
);

it('clears up after a run that was killed, and leaves those that live', async () => {
  const own = await openScratch('usher-bench-');
  const { child, left } = await startRun();
  child.kill('SIGKILL');
  await until(() => child.signalCode !== null, { ms: 10_000, what: 'the run is dead' });
  expect(runs(left.engine)).toBe(true);
  expect(await sweepOrphans()).toContain(left.dir);
  await until(() => isGone(left), { ms: 10_000, what: 'all is gone' });
  expect(existsSync(join(own.dir, 'owner.json'))).toBe(true);
  own.remove();
}, 60_000);
