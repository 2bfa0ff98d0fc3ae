// Clocks of private engines that can be moved while they run: a small library, compiled on the spot,
// stands between an engine and the machine's calendar clock.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '../../core/runtime/engines.js';
import { CannotHere } from './cannot-here.js';

export type EngineClocks = {
  envOf(engine: EngineName): NodeJS.ProcessEnv;
  /** From now on the engine's calendar is wrong by so many milliseconds; 0 heals it. */
  move(engine: EngineName, byMs: number): void;
};

const source = fileURLToPath(new URL('./engine-clock.c', import.meta.url));
const bytes = 8;
const nanosPerMs = 1_000_000n;

/** Compiles the library into `dir`. @throws CannotHere without Linux, glibc and a C compiler. */
export function openEngineClocks(dir: string, path: string | undefined): EngineClocks {
  const library = join(dir, 'engine-clock.so');
  const options = ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl', '-lpthread'];
  try {
    if (process.platform !== 'linux') throw new Error('this is not Linux');
    execFileSync('cc', options, { stdio: 'pipe', env: { PATH: path } });
  } catch (error) {
    const why = (error as Error).message.trim();
    throw new CannotHere(
      `clocks of engines cannot be moved here, which takes a C compiler: ${why}`,
    );
  }
  const fileOf = (engine: EngineName) => join(dir, `${engine}.clock`);
  for (const engine of ['mysql', 'redis'] as const)
    writeFileSync(fileOf(engine), Buffer.alloc(bytes));
  return {
    envOf: (engine) => ({ PATH: path, LD_PRELOAD: library, USHER_CLOCK_FILE: fileOf(engine) }),
    move: (engine, byMs) => {
      const shift = Buffer.alloc(bytes);
      shift.writeBigInt64LE(BigInt(byMs) * nanosPerMs);
      const file = openSync(fileOf(engine), 'r+');
      writeSync(file, shift);
      closeSync(file);
    },
  };
}
