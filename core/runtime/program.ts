import { type Config, readConfig } from './config.js';
import { closeOnSignal, type Lifecycle, openLifecycle } from './lifecycle.js';
import { type Logger, openLog } from './log.js';

export type Program = { config: Config; log: Logger; lifecycle: Lifecycle };

/**
 * Runs a program from its environment to its end: reads the configuration, closes in order on a
 * signal, and ends with one readable line when it can't start.
 */
export async function runProgram(
  name: string,
  env: NodeJS.ProcessEnv,
  main: (program: Program) => Promise<void>,
): Promise<void> {
  const log = openLog(name, env.USHER_LOG_LEVEL || 'info');
  const lifecycle = openLifecycle(log);
  try {
    const config = readConfig(env);
    closeOnSignal(lifecycle, log);
    await main({ config, log, lifecycle });
  } catch (error) {
    log.fatal(
      { err: error },
      error instanceof Error ? error.message : 'the program could not start',
    );
    await lifecycle.close();
    process.exitCode = 1;
    // A pool that still tries to connect must not keep a failed program alive.
    process.exit();
  }
}
