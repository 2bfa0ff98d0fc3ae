import { type Command, Option } from 'commander';
import type { CliContext } from './context.js';
import type { ExitCode } from './exit.js';
import { inOptions, type TypedAs, unknownOptions } from './options.js';
import { type Out, openOut } from './out.js';

/** What a command's action is given: its arguments and options have passed commander. */
export type Call = {
  args: string[];
  options: Record<string, unknown>;
  out: Out;
  context: CliContext;
};

/** One command: its help, examples and action stand together. */
export type CommandSpec = {
  /** Name and arguments, such as `delay <sale>`. */
  usage: string;
  summary: string;
  /** Whole command lines that work; at least one. */
  examples: string[];
  /** Adds options; `--json` is there already. */
  options?: (command: Command) => void;
  /** Fields of the API that are typed under another name, so that refusals can name them. */
  typedAs?: TypedAs;
  /** Returns the exit code, or nothing when it is done. */
  run: (call: Call) => Promise<ExitCode | undefined>;
};

/** Where commands leave the exit code of the one that ran. */
export type Session = { context: CliContext; exitCode: ExitCode };

export function addCommand(parent: Command, session: Session, spec: CommandSpec): void {
  const command = parent.command(spec.usage).description(spec.summary);
  spec.options?.(command);
  command.addOption(new Option('--json', 'write JSON instead of text for people'));
  command.addHelpText(
    'after',
    `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join('\n')}`,
  );
  const unknown = unknownOptions(command, spec.typedAs ?? {});
  if (unknown.length > 0) throw new Error(`${spec.usage} has no ${unknown.join(', ')}`);
  command.action(async () => {
    const options = command.opts<Record<string, unknown>>();
    const out = openOut(session.context, options.json === true);
    const args = command.processedArgs.flat().filter((arg) => arg !== undefined) as string[];
    try {
      const code = await spec.run({ args, options, out, context: session.context });
      session.exitCode = code ?? session.exitCode;
    } catch (error) {
      throw inOptions(error, command, spec.typedAs);
    }
  });
}

/** A noun whose verbs are commands, such as `sale`. */
export function addNoun(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary);
}
