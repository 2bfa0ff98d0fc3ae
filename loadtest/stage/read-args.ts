import { type ParseArgsConfig, parseArgs } from 'node:util';

const exitUsage = 2;

/** Reads what was typed; what nobody can read ends the program with a sentence and exit 2. */
export function readArgs<T extends ParseArgsConfig>(
  program: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${program}: ${(error as Error).message}\n`);
    process.exit(exitUsage);
  }
}
