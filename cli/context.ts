import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** What the surroundings give to a command; main.ts takes it from the process, tests make it. */
export type CliContext = {
  env: NodeJS.ProcessEnv;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable;
};

/** The folder of the local Usher: its data, its engines and what runs. */
export function dataDirOf({ env }: CliContext): string {
  return resolve(env.USHER_DATA || '.usher');
}

/** The file that remembers which Usher `usher login` chose. */
export function loginFileOf({ env }: CliContext): string {
  return env.USHER_CONFIG || join(env.HOME || homedir(), '.config', 'usher', 'login.json');
}
