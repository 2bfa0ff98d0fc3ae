import type { Command } from 'commander';
import { CliError } from './exit.js';

/** Fields of a command's body that are typed under quite another name, such as `ends_at: '--until'`. */
export type TypedAs = Record<string, string>;

type Fault = { field: string; message: string };

/**
 * The same refusal in the words of the command line: where it names fields of the API, it names
 * what was typed, options as `--pass-cap` and arguments as `<sale>`. Each of its `faults` has that
 * as `option` beside the field. Anything else comes back as it was.
 */
export function inOptions(error: unknown, command: Command, typedAs: TypedAs = {}): unknown {
  if (!(error instanceof CliError)) return error;
  let text = error.message.replace(/^Mend the (body|query): /, 'Mend ');
  const faults = faultsOf(error.extra).map((fault) => {
    const option = findOption(command, typedAs, fault.field.split('.'));
    if (option === undefined) return fault;
    text = replaceName(text, fault.field, option);
    return { ...fault, option };
  });
  const named = (name: string) => typedAs[name] ?? exact(command, name) ?? longer(command, name);
  text = text
    .replace(/`([a-z_]+): true`/g, (all, name) => exact(command, name) ?? all)
    .replace(/\b[a-z]+(?:_[a-z]+)+\b/g, (name) => named(name) ?? name);
  const extra = { ...error.extra, ...(faults.length > 0 ? { faults } : {}) };
  return new CliError(error.exitCode, error.error, text, extra);
}

/** Names in `typedAs` that the command doesn't have. */
export function unknownOptions(command: Command, typedAs: TypedAs): string[] {
  const known = new Set([...optionsOf(command), ...argumentsOf(command)].map(([, typed]) => typed));
  return Object.values(typedAs).filter((typed) => !known.has(typed));
}

function faultsOf({ faults }: Record<string, unknown>): Fault[] {
  return Array.isArray(faults) ? (faults as Fault[]) : [];
}

/** Where a list of faults names this field: at its beginning, or after another fault. */
function replaceName(text: string, field: string, option: string): string {
  const name = field.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(^|^Mend |; )${name}(?=[: ])`, 'g'), (_all, before) => {
    return `${before}${option}`;
  });
}

/** What follows the part of a path that has an option is a place within it, such as a zone. */
function findOption(command: Command, typedAs: TypedAs, path: string[]): string | undefined {
  for (const find of [
    (name: string) => typedAs[name] ?? exact(command, name),
    (name: string) => longer(command, name) ?? longer(command, name, argumentsOf(command)),
  ]) {
    for (const [at, name] of [...path.entries()].reverse()) {
      const option = find(name);
      if (option) return [option, path.slice(at + 1).join('.')].join(' ').trim();
    }
  }
  return undefined;
}

function exact(command: Command, field: string): string | undefined {
  const name = field.replaceAll('_', '-');
  const all = [...optionsOf(command), ...argumentsOf(command)];
  const [, typed] = all.find(([known]) => known === name) ?? [];
  // `sale pass-cap <sale> <n>` takes its value where its name would be.
  return typed ?? (name === command.name() ? argumentsOf(command).at(-1)?.[1] : undefined);
}

/** `--rate` stands for `rate_per_minute`: the longest name that the field begins with. */
function longer(command: Command, field: string, names = optionsOf(command)): string | undefined {
  const name = field.replaceAll('_', '-');
  const [longest] = names
    .filter(([known]) => name.startsWith(`${known}-`))
    .sort(([one], [other]) => other.length - one.length);
  return longest?.[1];
}

type Name = [name: string, typed: string];

function optionsOf(command: Command): Name[] {
  return command.options.flatMap(({ long }) =>
    long && long !== '--json' ? [[long.slice(2), long] as Name] : [],
  );
}

function argumentsOf(command: Command): Name[] {
  return command.registeredArguments.map((one) => [one.name(), `<${one.name()}>`]);
}
