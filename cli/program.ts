import { Command, CommanderError } from 'commander';
import type { Session } from './command.js';
import { addAllCommands } from './commands/all.js';
import type { CliContext } from './context.js';
import { CliError, type ExitCode, exitCodes } from './exit.js';
import { fileError } from './file-error.js';

/** The whole command line, for running and for tests that look at its help. */
export function buildProgram(session: Session): Command {
  const { stdout, stderr, env } = session.context;
  const program = new Command('usher')
    .description('Sells cinema seats when everybody wants them at once.')
    .usage('<noun> <verb> [options]')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help')
    .showHelpAfterError('Run it with --help to see how.')
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      getOutHelpWidth: () => Number(env.COLUMNS) || session.context.stdout.columns || 100,
    })
    .exitOverride();
  program.addHelpText(
    'after',
    [
      '',
      'Examples:',
      '  usher up --demo',
      '  usher sale list',
      '  usher sale watch premiere',
      '',
      'Every command takes --json. Exit codes: 0 done, 1 refused, 2 wrong usage, 3 cannot reach.',
    ].join('\n'),
  );
  addAllCommands(program, session);
  return program;
}

/** Runs one command line and returns its exit code; nothing is thrown but bugs. */
export async function runCli(argv: string[], context: CliContext): Promise<ExitCode> {
  const session: Session = { context, exitCode: exitCodes.done };
  const program = buildProgram(session);
  if (argv.length === 0) {
    program.outputHelp({ error: true });
    return exitCodes.usage;
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
      const help = error.code === 'commander.help' && error.exitCode === 0;
      return asked || help ? exitCodes.done : exitCodes.usage;
    }
    return tell(error, argv.includes('--json'), context);
  }
}

/** Tells an end on standard error; a foreign error keeps its message and counts as refused. */
function tell(error: unknown, json: boolean, { stderr }: CliContext): ExitCode {
  const known =
    error instanceof CliError
      ? error
      : (fileError(error) ?? new CliError(1, 'failed', messageOf(error)));
  const told = { error: known.error, detail: known.message, ...known.extra };
  stderr.write(json ? `${JSON.stringify(told)}\n` : `usher: ${known.message}\n`);
  return known.exitCode;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
