import type { Command } from 'commander';
import type { Session } from '../command.js';
import { runProgram } from '../spawn.js';

/** The load generator reads its own options, so all of them are passed on as they are. */
export function addLoadtestCommand(program: Command, session: Session): void {
  program
    .command('loadtest')
    .description('let a crowd loose: premiere, rush, room, browse or reserve')
    .argument('[scenario]', 'which crowd')
    .argument('[flags...]', 'its own flags; --help lists them')
    .option('--json', 'write JSON instead of text for people')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (scenario: string | undefined, flags: string[], options: { json?: boolean }) => {
      session.exitCode = await runProgram(session.context, {
        script: 'loadtest/crowd/main.js',
        args: [
          ...(scenario === undefined ? [] : [scenario]),
          ...(options.json ? ['--json'] : []),
          ...flags,
        ],
        env: session.context.env,
      });
    });
}
