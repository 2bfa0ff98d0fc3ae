import type { Command } from 'commander';
import { checkGiven } from '../../core/runtime/config.js';
import { localStatus, stopLocal } from '../../core/runtime/supervisor-run.js';
import { addCommand, type Session } from '../command.js';
import { dataDirOf } from '../context.js';
import { CliError, exitCodes, wrongUsage } from '../exit.js';

/** `up` and `down`: a whole local Usher. */
export function addUpCommands(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'up',
    summary: 'start a whole local Usher here and keep it running until Ctrl-C',
    examples: ['usher up --demo', 'USHER_PORT=8080 usher up'],
    options: (command) =>
      command.option('--demo', 'put the example premiere into an empty catalog'),
    run: async ({ options, out, context }) => {
      const { faults, unknown } = checkGiven(context.env);
      if (faults.length > 0) {
        throw wrongUsage(`Mend these variables, or unset them:\n${faults.join('\n')}`);
      }
      for (const name of unknown) {
        context.stderr.write(
          `${name} is set, but Usher has no such variable: see docs/running.md\n`,
        );
      }
      // Loaded only here: engines and task lists would slow every other command down.
      const { runUp } = await import('../local/up.js');
      return runUp({
        dataDir: dataDirOf(context),
        demo: options.demo === true,
        json: out.json,
        env: context.env,
        stdout: context.stdout,
        stderr: context.stderr,
      });
    },
  });
  addCommand(program, session, {
    usage: 'down',
    summary: 'stop the local Usher, or what a killed one left behind',
    examples: ['usher down', 'usher down --json'],
    run: async ({ out, context }) => {
      const dataDir = dataDirOf(context);
      const before = localStatus(dataDir);
      let result: Awaited<ReturnType<typeof stopLocal>>;
      try {
        result = await stopLocal(dataDir);
      } catch (error) {
        throw new CliError(exitCodes.refused, 'not_stopped', (error as Error).message);
      }
      const told = {
        supervisor: `Stopped Usher on ${dataDir} (process ${before.supervisor_pid}).`,
        leftovers: `Stopped what a killed start left: ${result.names.join(', ')}.`,
        nothing: `Nothing runs on ${dataDir}.`,
      };
      out.result({ data: dataDir, ...result }, () => told[result.stopped]);
      return undefined;
    },
  });
}
