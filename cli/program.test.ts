import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { checkGiven } from '../core/runtime/config.js';
import { packageRoot } from '../core/runtime/paths.js';
import { createSecretsFile } from '../core/runtime/secrets.js';
import { localShardUrl } from './commands/shard.js';
import type { CliContext } from './context.js';
import { buildProgram, runCli } from './program.js';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** All commands that do something, by their whole name. */
function leaves(command: Command, path = ''): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = `${path} ${child.name()}`.trim();
    return child.commands.length > 0 ? leaves(child, name) : [{ name, command: child }];
  });
}

it('puts a further local shard beside the catalog, under a number that none has had', () => {
  const catalog = 'mysql://usher:secret@127.0.0.1:3307/usher_catalog';
  const next = localShardUrl(catalog, [1, 4, 2]);
  expect(next).toBe('mysql://usher:secret@127.0.0.1:3307/usher_shard_5');
});

describe('the command line', () => {
  let folder: string;
  let stdout: Sink;
  let stderr: Sink;
  const context = (): CliContext => ({
    env: { USHER_DATA: join(folder, 'data'), USHER_CONFIG: join(folder, 'login.json') },
    stdin: new PassThrough(),
    stdout,
    stderr,
  });
  const run = (...argv: string[]) => runCli(argv, context());

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'usher-cli-'));
    stdout = new Sink();
    stderr = new Sink();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const program = buildProgram({
    context: {
      env: {},
      stdin: new PassThrough(),
      stdout: new Sink(),
      stderr: new Sink(),
    },
    exitCode: 0,
  });

  it.each(leaves(program))('$name: help with examples, and --json', async ({ name, command }) => {
    expect(await run(...name.split(' '), '--help')).toBe(0);
    expect(stdout.text).toContain(`Usage: usher ${name}`);
    expect(stdout.text).toMatch(new RegExp(`Examples:\n(.*\n)*?.*usher ${name}`));
    expect(command.options.map((option) => option.long)).toContain('--json');
  });

  it('has the commands of the contract', () => {
    const names = leaves(program).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...['up', 'down', 'doctor', 'status', 'migrate', 'import', 'login', 'token'],
        ...['staff add', 'staff list', 'staff remove', 'audit', 'stats', 'bench', 'scan', 'seats'],
        ...['create', 'list', 'show', 'check', 'open', 'delay', 'pause', 'resume', 'close'].map(
          (verb) => `sale ${verb}`,
        ),
        ...['rate', 'pass-cap', 'message', 'release', 'watch'].map((verb) => `sale ${verb}`),
        ...['show create', 'show list', 'show show', 'booking find', 'booking show'],
        ...['hold list', 'hold end', 'request show'],
      ]),
    );
  });

  it.each([
    [['sal', 'list'], 'Did you mean sale?'],
    [['sale', 'opn', 'x'], 'Did you mean open?'],
    [['sale', 'list', '--jsn'], 'Did you mean --json?'],
    [['sale', 'show'], "missing required argument 'sale'"],
    [['sale', 'show', 'a', 'b'], 'too many arguments'],
    [['sale', 'delay', 'a'], "required option '--to <time>'"],
    [['token', '--role', 'king'], 'Allowed choices are box_office, ops, admin'],
    [['sale', 'rate', 'a', 'fast'], 'fast is no rate'],
    [['sale', 'delay', 'a', '--to', 'noon'], 'noon is no time'],
    [['sale', 'release', 'a'], 'Say what to release'],
    [['login', 'nonsense'], 'nonsense is no address'],
    [['staff', 'add', 'mira'], "required option '--role <role>'"],
    [[], 'Usage: usher'],
    [['sale'], 'Usage: usher sale'],
  ])('wrong usage %j ends with 2 and says why', async (argv, told) => {
    expect(await run(...argv)).toBe(2);
    expect(stderr.text).toContain(told);
    expect(stdout.text).toBe('');
  });

  it.each([
    ['USHER_PORT', 'abc'],
    ['USHER_PORT', '99999'],
    ['USHER_REDIS_URL', 'localhost:6379'],
    ['USHER_LIMITS', 'of'],
    ['STRIPE_API_BASE', 'stripe.example'],
  ])('starts nothing on %s=%s', async (name, value) => {
    const wrong = { ...context(), env: { ...context().env, [name]: value, USHER_PROT: '1' } };
    expect(await runCli(['up', '--json'], wrong)).toBe(2);
    const { error, detail } = JSON.parse(stderr.text);
    expect([error, detail]).toEqual(['wrong_usage', expect.stringContaining(`\n  ${name}: `)]);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it('knows its own variables from misspelt ones', () => {
    const set = { USHER_PROT: '1', USHER_PORT: '', USHER_CONFIG: 'x', USHER_TEST_REDIS_URL: 'x' };
    expect(checkGiven(set)).toEqual({ faults: [], unknown: ['USHER_PROT'] });
    const table = readFileSync(join(packageRoot, 'docs/running.md'), 'utf8').split('## The door');
    const documented = (table[0] ?? '').match(/`(USHER|STRIPE)_[A-Z_]+/g) ?? [];
    const env = Object.fromEntries(documented.map((name) => [name.slice(1), '']));
    expect(documented.length).toBeGreaterThan(20);
    expect(checkGiven(env)).toEqual({ faults: [], unknown: [] });
  });

  it('ends with 3 where no Usher runs, in words and as JSON', async () => {
    expect(await run('sale', 'list')).toBe(3);
    expect(stderr.text).toContain('./usher up');
    stderr.text = '';
    expect(await run('sale', 'list', '--json')).toBe(3);
    expect(JSON.parse(stderr.text)).toEqual({ error: 'unreachable', detail: expect.any(String) });
    expect(await run('import', join(folder, 'nothing.yaml'))).toBe(1);
    expect(await run('audit')).toBe(3);
    expect(await run('migrate')).toBe(3);
  });

  it('ends with 3 where the Usher of the login is gone', async () => {
    const login = { url: 'http://127.0.0.1:9', token: 't', name: 'mira', expires_at: '' };
    writeFileSync(join(folder, 'login.json'), JSON.stringify(login));
    expect(await run('sale', 'list')).toBe(3);
    expect(stderr.text).toContain('http://127.0.0.1:9 does not answer');
  });

  it('says what is wrong with a file that was named', async () => {
    expect(await run('keys', 'create', join(folder, 'k'.repeat(300)))).toBe(1);
    expect(stderr.text).toContain('The name is too long. Name another file.');
    stderr.text = '';
    expect(await run('keys', 'list', folder, '--json')).toBe(1);
    expect(JSON.parse(stderr.text)).toMatchObject({ error: 'bad_file' });
  });

  it('signs a token with the local secrets, and refuses without them', async () => {
    expect(await run('token', '--role', 'ops')).toBe(1);
    mkdirSync(join(folder, 'data'));
    createSecretsFile(join(folder, 'data', 'secrets.json'));
    expect(await run('token', '--role', 'ops', '--json')).toBe(0);
    const { token, role } = JSON.parse(stdout.text) as Record<string, string>;
    expect(role).toBe('ops');
    const claims = JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ sub: 'local', role: 'ops' });
  });

  it('reports on a place where nothing was started', async () => {
    expect(await run('status', '--json')).toBe(3);
    expect(JSON.parse(stdout.text)).toMatchObject({
      running: false,
      state: 'stopped',
      usher: null,
      login: null,
    });
    stdout.text = '';
    expect(await run('down', '--json')).toBe(0);
    expect(JSON.parse(stdout.text)).toMatchObject({ stopped: 'nothing', names: [] });
    stdout.text = '';
    await run('doctor', '--json');
    const { checks } = JSON.parse(stdout.text) as { checks: Record<string, unknown>[] };
    for (const check of checks) {
      expect(Object.keys(check)).toEqual(['check', 'ok', 'detail', 'fix']);
      expect(check.ok === true).toBe(check.fix === null);
    }
  });

  it('forgets a login', async () => {
    const file = join(folder, 'login.json');
    writeFileSync(file, '{}', { mode: 0o600 });
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(await run('logout')).toBe(0);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });
});
