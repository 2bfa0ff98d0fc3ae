import { Argument, type Command } from 'commander';
import type { Session } from '../command.js';
import { runProgram } from '../spawn.js';

const names = ['lane', 'lanes', 'reserve', 'room', 'settle', 'audit', 'compare'] as const;

/** Benches have flags of their own, so everything after the name is passed on as it is. */
export function addBenchCommand(program: Command, session: Session): void {
  program
    .command('bench')
    .description('measure Usher beside what people build first; prints a table or JSON')
    .addArgument(new Argument('[name]', 'which one; all without it').choices([...names]))
    .argument('[flags...]', "the bench's own flags")
    .option('--json', 'write JSON instead of text for people')
    .allowUnknownOption()
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  usher bench lane',
        '  usher bench reserve --json',
        '  usher bench room --quick',
        '  usher bench lanes --only drain expiry --quick',
        '  usher bench compare --write-docs',
      ].join('\n'),
    )
    .action(async (name: string | undefined, flags: string[], options: { json?: boolean }) => {
      const chosen = name === undefined ? [...names] : [name];
      const json = options.json ? ['--json'] : [];
      for (const one of chosen) {
        const code = await runProgram(session.context, {
          script: 'loadtest/bench.js',
          args: [one, ...json, ...flags],
          env: session.context.env,
        });
        session.exitCode = code === 0 ? session.exitCode : code;
      }
    });
}
