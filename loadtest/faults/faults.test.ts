import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { replaceBetween } from '../report/markers.js';
import { cells, shortNames, usualNames } from './all.js';
import { randomPlan } from './random-plan.js';
import { runFaults } from './run.js';
import { openWire, type Wire } from './wire.js';

describe('the matrix', () => {
  it('has at least 45 cells, each with a name of its own', () => {
    expect(cells.length).toBeGreaterThanOrEqual(45);
    expect(new Set(cells.map((cell) => cell.name)).size).toBe(cells.length);
    const names = cells.map((cell) => cell.name);
    expect([...shortNames, ...usualNames].filter((name) => !names.includes(name))).toEqual([]);
  });

  it('draws the same plan of several faults from the same seed', () => {
    const plan = (seed: string) => randomPlan(seed).fault;
    expect(plan('one')).toBe(plan('one'));
    const plans = ['a', 'b', 'c', 'd', 'e'].map(plan);
    expect(new Set(plans).size).toBe(plans.length);
    expect(plans.filter((text) => !text.includes(' + '))).toEqual([]);
  });

  it('draws the crowd of a plan from its own seed, so that it can be played alone', () => {
    expect(randomPlan('friday-2').seed).toBe('friday-2');
  });

  it('writes only where a page expects it', () => {
    const page = 'a\n<!-- x: begin, written by the tool -->\nold\n<!-- x: end -->\nb';
    expect(replaceBetween(page, 'x', 'new')).toContain('\nnew\n');
    expect(replaceBetween(page, 'x', 'new')).not.toContain('old');
    expect(() => replaceBetween(page, 'y', 'new')).toThrow('no place for y');
  });
});

describe('a wire', () => {
  let echo: Server;
  let wire: Wire;

  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const address = echo.address();
    wire = await openWire(() => (typeof address === 'object' && address ? address.port : 0));
  });
  afterAll(async () => {
    await wire.close();
    await new Promise((resolve) => echo.close(resolve));
  });

  /** What comes back within the time, or how the connection ended. */
  const ask = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(wire.port, '127.0.0.1');
      let heard = '';
      const end = (how: string) => {
        socket.destroy();
        resolve(how);
      };
      const quiet = AbortSignal.timeout(400);
      quiet.addEventListener('abort', () => end(heard === '' ? 'silence' : heard));
      socket.on('error', () => end('torn'));
      socket.on('close', () => end('torn'));
      socket.on('data', (piece) => {
        heard += piece.toString();
        if (heard.length === text.length) end(heard);
      });
      socket.write(text);
    });

  it.each([
    ['through', 'hello'],
    ['cut', 'torn'],
    ['hole', 'silence'],
    ['deaf', 'silence'],
    ['slow', 'hello'],
    ['trickle', 'hello'],
    ['through', 'hello'],
  ] as const)('that is %s brings %s', async (mode, expected) => {
    wire.mode(mode, { delayMs: 50 });
    expect(await ask('hello')).toBe(expected);
  });

  it('that is deaf after a text loses the answers from there on', async () => {
    wire.mode('deaf', { after: 'end' });
    expect(await ask('hello')).toBe('hello');
    expect(await ask('the end')).toBe('silence');
    wire.mode('through');
  });
});

it('holds through the faults that every change is tried against', async () => {
  const said: string[] = [];
  const results = await runFaults({
    names: shortNames,
    long: false,
    seed: 'test',
    fans: 20,
    randomPlans: 0,
    env: process.env,
    say: (text) => said.push(text),
  }).catch((error: unknown) => {
    throw new Error(`${(error as Error).stack ?? String(error)}\n${said.join('\n')}`);
  });
  expect(results.map(({ name, verdict, why }) => ({ name, verdict, why }))).toEqual(
    shortNames.map((name) => ({ name, verdict: 'held', why: [] })),
  );
}, 600_000);
