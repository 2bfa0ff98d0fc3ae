import type { Command } from 'commander';
import { addCommand, type Session } from '../command.js';
import { runProgram } from '../spawn.js';

export function addSimulateCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'simulate',
    summary:
      'play sales in simulated time against a plain reference; a failing seed becomes a test',
    examples: [
      'usher simulate',
      'usher simulate --seed friday --sales 20000 --seconds 600',
      'usher simulate --json',
    ],
    options: (command) =>
      command
        .option('--seed <text>', 'the same seed plays the same sales (usher)')
        .option('--sales <number>', 'how many sales at most (2000)')
        .option('--seconds <number>', 'for how long at most (60)')
        .option('--write-docs', 'writes the figures into docs/benchmarks.md'),
    run: async ({ options, out, context }) =>
      runProgram(context, {
        script: 'simulate/main.js',
        args: [
          ...['seed', 'sales', 'seconds'].flatMap((name) =>
            options[name] === undefined ? [] : [`--${name}`, String(options[name])],
          ),
          ...(options.writeDocs ? ['--write-docs'] : []),
          ...(out.json ? ['--json'] : []),
        ],
        env: context.env,
      }),
  });
}
