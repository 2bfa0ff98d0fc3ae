import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/runtime/paths.js';
import type { CliContext } from './context.js';
import { type ExitCode, exitCodes, refused } from './exit.js';

/**
 * Runs another program of Usher to its end, passing its output on. Programs import none of each
 * other, so the audit and the benches are called like this.
 */
export async function runProgram(
  context: CliContext,
  { script, args, env }: { script: string; args: string[]; env: NodeJS.ProcessEnv },
): Promise<ExitCode> {
  const file = join(packageRoot, 'dist', script);
  if (!existsSync(file)) {
    throw refused('not_built', `${file} is not built. Run: npm run build`);
  }
  const child = spawn(process.execPath, [file, ...args], {
    env,
    // By the channel the program sees when this process is killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child.stdout?.on('data', (chunk: Buffer) => void context.stdout.write(chunk));
  child.stderr?.on('data', (chunk: Buffer) => void context.stderr.write(chunk));
  // The terminal's Ctrl-C reaches the child too, a signal to this process alone does not; either
  // way this process waits for it to end in order.
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  process.on('SIGINT', passOn);
  process.on('SIGTERM', passOn);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    return exitCodeOf(code);
  } finally {
    process.off('SIGINT', passOn);
    process.off('SIGTERM', passOn);
  }
}

function exitCodeOf(code: number | null): ExitCode {
  return Object.values(exitCodes).find((known) => known === code) ?? exitCodes.refused;
}
