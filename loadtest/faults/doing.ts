// What most faults are made of.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../core/runtime/paths.js';
import { sleep } from '../stage/programs.js';
import { readJson } from '../stage/read-json.js';
import type { Cell, FaultRun } from './cell.js';
import type { Bending, Wire, WireMode } from './wire.js';

const clockFile = pathToFileURL(join(packageRoot, 'dist/loadtest/faults/shift-clock.js')).href;

export async function kill({ world, note }: FaultRun, ...labels: string[]): Promise<void> {
  for (const label of labels) {
    await world.program(label).end('SIGKILL');
    note('killed');
  }
}

export async function start({ world, note }: FaultRun, ...labels: string[]): Promise<void> {
  await Promise.all(labels.map((label) => world.program(label).start()));
  note('started', labels.length);
}

/** Ends a program as a deploy does, and starts it again. */
export async function restart(run: FaultRun, ...labels: string[]): Promise<void> {
  for (const label of labels) {
    await run.world.program(label).end('SIGTERM');
    await run.world.program(label).start();
    run.note('restarted');
  }
}

export function pause({ world, note }: FaultRun, ...labels: string[]): void {
  for (const label of labels) {
    world.program(label).pause();
    note('paused');
  }
}

/** The program runs a fifth of the time only. */
export async function crawl(run: FaultRun, label: string, msMax: number): Promise<void> {
  const program = run.world.program(label);
  const untilMs = performance.now() + msMax;
  while (performance.now() < untilMs) {
    program.pause();
    await sleep(160);
    program.resume();
    await sleep(40);
    run.note('stopped');
  }
}

/** Starts a program again, whose calendar clock then jumps. */
export async function shiftClock(run: FaultRun, label: string, byMs: number): Promise<void> {
  const program = run.world.program(label);
  await program.end('SIGTERM');
  await program.start({
    NODE_OPTIONS: `--import=${clockFile}`,
    USHER_SHIFT_CLOCK_MS: String(byMs),
  });
  process.kill(program.pid, 'SIGUSR2');
  run.note('shifted');
}

/** An instance whose clock is wrong must say that it isn't ready. */
export async function noteUnready({ world, note, notes }: FaultRun): Promise<void> {
  for (let tries = 0; tries < 20 && !notes.get('unready'); tries += 1) {
    const { status } = await readJson(new URL('/readyz', world.usher.url));
    if (status === 503) note('unready');
    await sleep(100);
  }
}

/**
 * The wires of a cell bend so; the gate is that something went over them. `waitMsMax`: beyond the
 * hold of the cell they stay bent for so long, until something does.
 */
export function bend(
  pick: (run: FaultRun) => Wire[],
  mode: WireMode,
  { waitMsMax = 0, ...bending }: Bending & { waitMsMax?: number } = {},
): Pick<Cell, 'inject' | 'idle' | 'heal'> {
  const touched = (run: FaultRun) => pick(run).reduce((sum, wire) => sum + wire.touched(), 0);
  return {
    inject: async (run) => {
      for (const wire of pick(run)) wire.mode(mode, bending);
      // What the bending itself tore was not in use.
      run.note('before', touched(run));
    },
    heal: async (run) => {
      const sofar = () => touched(run) - (run.notes.get('before') ?? 0);
      const untilMs = performance.now() + waitMsMax;
      while (sofar() === 0 && performance.now() < untilMs) await sleep(100);
      run.note('touched', sofar());
      for (const wire of pick(run)) wire.mode('through');
    },
    idle: ({ notes }) =>
      notes.get('touched') ? undefined : 'nothing went over the wire meanwhile',
  };
}

/** Signals to an engine; `start` brings an ended one back. */
export async function endEngine(
  { world, note }: FaultRun,
  name: 'mysql' | 'redis',
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<void> {
  const engine = world.usher.engines[name];
  if (!engine || engine.pid === null) throw new Error(`there is no ${name} to end`);
  if (signal === 'SIGKILL') process.kill(engine.pid, signal);
  else await engine.stop();
  while (engine.pid !== null) await sleep(20);
  note('ended');
}

export async function startEngine({ world }: FaultRun, name: 'mysql' | 'redis'): Promise<void> {
  await world.usher.engines[name]?.start();
  if (name === 'mysql') await world.usher.reconnect();
}
