import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { CliContext } from './context.js';
import { wrongUsage } from './exit.js';

const stdinCharsMax = 10_000;

/** Everything on standard input, without the line break at its end: for `--password-stdin`. */
export async function readStdin({ stdin }: CliContext): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.length > stdinCharsMax) throw wrongUsage('Standard input is too long.');
  }
  return text.replace(/\r?\n$/, '');
}

/**
 * Asks a person for one line, without an echo for secrets.
 * @throws CliError (exit 2) where no terminal is there to ask, naming the option to use.
 */
export async function askLine(
  { stdin, stderr }: CliContext,
  question: string,
  { secret, instead }: { secret: boolean; instead: string },
): Promise<string> {
  if (!stdin.isTTY) throw wrongUsage(`There is no terminal to ask at; use ${instead}.`);
  let muted = false;
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      if (!muted) stderr.write(chunk);
      done();
    },
  });
  const line = createInterface({ input: stdin, output, terminal: true });
  try {
    const answer = line.question(`${question}: `);
    muted = secret;
    return await answer;
  } finally {
    line.close();
    if (secret) stderr.write('\n');
  }
}
