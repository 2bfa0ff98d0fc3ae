import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import type { Argument, Command, Option } from 'commander';
import type { CliContext } from '../../cli/context.js';
import { buildProgram, runCli } from '../../cli/program.js';
import { createSecretsFile } from '../../core/runtime/secrets.js';
import type { Random } from '../../loadtest/crowd/random.js';
import type { World } from '../support/world.js';
import type { Known } from './schema.js';
import { hostileText } from './values.js';

export type Leaf = { name: string; command: Command };
export type Ran = { argv: string[]; code: number | 'no end'; out: string; err: string };

const endMsMax = 20_000;

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** All commands that do something, by their whole name. */
export function leavesOf(command: Command, path = ''): Leaf[] {
  return command.commands.flatMap((child) => {
    const name = `${path} ${child.name()}`.trim();
    return child.commands.length > 0 ? leavesOf(child, name) : [{ name, command: child }];
  });
}

export function wholeProgram(): Command {
  const context = { env: {}, stdin: new PassThrough(), stdout: new Sink(), stderr: new Sink() };
  return buildProgram({ context, exitCode: 0 });
}

export type Shell = { run(argv: string[], input: string): Promise<Ran>; close(): void };

/** A place where commands run in this process, with an admin's login and files of their own. */
export function openShell(world: World, token: string): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'usher-fuzz-'));
  const secrets = join(folder, 'secrets.json');
  createSecretsFile(secrets);
  const { catalogUrl, shardUrls, redisUrl, redisPrefix } = world.stores;
  const env = {
    PATH: process.env.PATH,
    ...{ HOME: folder, USHER_CONFIG: join(folder, 'login.json'), USHER_DATA: folder },
    ...{ USHER_MYSQL_URL: catalogUrl, USHER_SHARDS: shardUrls.join(',') },
    ...{ USHER_REDIS_URL: redisUrl, USHER_REDIS_PREFIX: redisPrefix },
    ...{ USHER_SMTP_URL: 'smtp://127.0.0.1:1', USHER_SECRETS_FILE: secrets },
    ...{ STRIPE_SECRET_KEY: 'sk_test_fuzz', STRIPE_WEBHOOK_SECRET: 'whsec_fuzz' },
    STRIPE_API_BASE: world.sandboxUrl,
  };
  const login = { url: world.url, token, name: 'fuzz', expires_at: '2099-01-01T00:00:00.000Z' };
  const start = process.cwd();
  // Commands that write files write them here, whatever name they are given.
  process.chdir(folder);
  return {
    run: async (argv, input) => {
      writeFileSync(env.USHER_CONFIG, JSON.stringify(login));
      const [stdin, stdout, stderr] = [new PassThrough(), new Sink(), new Sink()];
      stdin.end(input);
      const context: CliContext = { env, stdin, stdout, stderr };
      const code = await Promise.race([runCli(argv, context), tooLong()]);
      return { argv, code, out: stdout.text, err: stderr.text };
    },
    close: () => {
      process.chdir(start);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function tooLong(): Promise<'no end'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('no end'), endMsMax).unref();
  });
}

/** Commands that start or stop a whole Usher, or wait for a processor, which is away meanwhile. */
const heavy =
  /^(up|down|bench|loadtest|faults|audit|sale rehearse|simulate|shard (move|rebalance|add)|payment reconcile)$/;
const endless: Record<string, string[]> = {
  'sale watch': ['--for', '1'],
  'events tail': ['--for', '0'],
};

/** A command line that should be right: what is known for each argument and needed option. */
function goodArgv({ name, command }: Leaf, known: Known, random: Random): string[] {
  const args = command.registeredArguments
    .filter((argument) => argument.required || random.chance(0.3))
    .map((argument) => fitting(argument, known, random));
  const options = command.options
    .filter((option) => option.mandatory || random.chance(0.3))
    .flatMap((option) => [
      flagOf(option),
      ...(takesValue(option) ? [fitting(option, known, random)] : []),
    ]);
  return [...name.split(' '), ...args, ...options, ...(endless[name] ?? [])];
}

/** So many hostile command lines for one command. */
export function commandLines(
  leaf: Leaf,
  count: number,
  { known, random }: { known: Known; random: Random },
): string[][] {
  return Array.from({ length: count }, () => hostileArgv(leaf, known, random));
}

/** The same with something wrong about it. Heavy commands only get what none of them takes. */
function hostileArgv(leaf: Leaf, known: Known, random: Random): string[] {
  const { name, command } = leaf;
  const words = name.split(' ');
  // A shell hands over no NUL and no half of a character.
  const noise = () => Buffer.from(hostileText(random).replaceAll('\u0000', '')).toString();
  const dashes = () => random.pick(['--', '-', '--json', '-h', '-1', '--=', '@x']) ?? '--';
  if (heavy.test(name)) return [...words, ...(random.pick(refusedByAll) ?? [])];
  const argv = goodArgv(leaf, known, random);
  const values = [...argv.keys()].filter((no) => no >= words.length && !argv[no]?.startsWith('--'));
  const at = random.pick(values);
  const one = () => argv.map((word, no) => (no === at ? noise() : word));
  const withValues = command.options.flatMap((option) => [
    flagOf(option),
    ...(takesValue(option) ? [noise()] : []),
  ]);
  const ways: (() => string[])[] = [
    ...Array(6).fill(one),
    ...[() => argv, () => [...argv, '--json']],
    () => argv.map((word, no) => (values.includes(no) ? noise() : word)),
    () => argv.map((word, no) => (no === at ? dashes() : word)),
    () => argv.filter((_word, no) => no !== at),
    () => [...argv, noise()],
    () => [...argv, '--fuzz', noise()],
    () => [...argv, ...withValues],
    () => [...words, ...command.options.map(flagOf)],
    () => [...words, ...Array.from({ length: 50 }, noise)],
  ];
  const made = random.pick(ways)?.() ?? argv;
  const json = random.chance(0.4) ? ['--json'] : [];
  return [...made, ...json, ...(endless[name] ?? [])];
}

const refusedByAll = [
  ['--fuzz'],
  ['--fuzz', 'x', '--json'],
  ['a', 'b', 'c', '--nonsense'],
  ['--jsn'],
];

/** What the command line writes otherwise than the api. */
const usual: Record<string, string[]> = {
  ...{ to: ['+10m'], at: ['+10m'], until: ['+1h'], for: ['0'], opensAt: ['+1h'], time: ['+1h'] },
  ...{ reason: ['fuzz'], text: ['hello'], note: ['fuzz'], email: ['fuzz@example.org'], n: ['2'] },
  ...{ amount: ['100'], cash: ['100'], counted: ['100'], date: ['2026-01-01'], gate: ['north'] },
  ...{ file: ['catalog.yaml'], out: ['out.json'], url: ['http://127.0.0.1:9'], what: ['fuzz'] },
  ...{ token: ['a.b.c'], key: ['new-key'], title: ['Fuzz'], prices: ['all=1200'] },
};

function flagOf(option: Option): string {
  return option.long ?? option.short ?? '';
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function fitting(what: Argument | Option, known: Known, random: Random): string {
  if (what.argChoices) return random.pick(what.argChoices) ?? '';
  const own = 'long' in what ? what.attributeName() : what.name();
  const facts = usual[own] ?? known[own] ?? known[`${own}_id`] ?? ['2'];
  return String([random.pick(facts)].flat()[0] ?? '2');
}

const foreign =
  /\n\s+at |TypeError|ReferenceError|RangeError|SyntaxError|Cannot read prop|is not a function|\bER_[A-Z_]+\b|\bERR_[A-Z_]+\b|\bE(NOENT|ISDIR|NOTDIR|ACCES|NAMETOOLONG|INVAL|EXIST|LOOP)\b|undefined|\[object|NaN\b|not valid JSON/;

/** What is wrong about how a command ended, in words. */
export function judgeRun({ argv, code, out, err }: Ran): string[] {
  const wrong: string[] = [];
  if (code === 'no end') return ['does not end'];
  if (![0, 1, 2, 3].includes(code)) wrong.push(`exit code ${code}`);
  const own = without(err, argv);
  if (foreign.test(own)) wrong.push(`says what nobody can act on: ${foreign.exec(own)?.[0]}`);
  if (code !== 0 && err.trim().length < 10 && out.trim() === '') wrong.push('says nothing');
  // After an option that takes a value it is that value, and help is text for people.
  const asked =
    argv.at(-1) === '--json' &&
    !argv.some((word) => ['--', '-h', '--help'].includes(word)) &&
    !/^--(?!json)/.test(argv.at(-2) ?? '');
  if (asked && out !== '' && !parses(out)) wrong.push('standard output is no JSON');
  if (asked && (code === 1 || code === 3) && err !== '' && !parses(err)) {
    wrong.push('the refusal is no JSON');
  }
  return wrong;
}

/** What the command said of its own: its words without those that it was given. */
function without(text: string, argv: string[]): string {
  return argv.filter((word) => word !== '').reduce((left, word) => left.replaceAll(word, ''), text);
}

/** One document, or one a line. */
function parses(text: string): boolean {
  const lines = text.trim().split('\n');
  return isJson(text) || lines.every(isJson);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The command line as it can be typed. */
export function typed(argv: string[]): string {
  return `./usher ${argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}`;
}
