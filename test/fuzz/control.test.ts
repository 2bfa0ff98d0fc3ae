// The judge must see what it is there for: routes with a known fault each, and a sound one.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { route } from '../../api/route.js';
import { UsherError } from '../../core/domain/errors.js';
import { randomOf } from '../../loadtest/crowd/random.js';
import { serveRoutes, type TestApi } from '../support/routes.js';
import { openTestStores, type TestStores } from '../support/stores.js';
import { type Case, curlOf } from './cases.js';
import { commandLines, judgeRun, type Leaf, leavesOf, wholeProgram } from './commands.js';
import { logFaults } from './judge.js';
import { playBatch } from './play.js';
import { sample, spoil } from './schema.js';
import { hostileBody, hostileValue, toJson } from './values.js';

describe('the judge of hostile input', () => {
  let stores: TestStores;
  let api: TestApi;

  beforeAll(async () => {
    stores = await openTestStores(1);
    const faults: Record<string, () => Promise<never>> = {
      sound: async () => {
        throw new UsherError('not_found', 'There is nothing here.');
      },
      bug: async () => {
        throw new TypeError('no such thing');
      },
      stray: async () => {
        await stores.catalog.change(
          "INSERT INTO fans (fan_id, state) VALUES (LEFT(UUID(), 12), 'ACTIVE')",
        );
        throw new UsherError('not_found', 'There is nothing here.');
      },
      leak: async () => {
        throw new UsherError('malformed', 'Look: ER_DUP_ENTRY.');
      },
      mute: async () => {
        throw new UsherError('malformed', 'no');
      },
      away: async () => {
        throw new UsherError('unavailable', 'Not now, come again.');
      },
    };
    api = await serveRoutes(stores, () =>
      Object.entries(faults).map(([name, handle]) =>
        route({
          ...{ method: 'post', path: `/${name}`, summary: name, identity: 'none', handle },
          answers: { 200: z.object({}) },
        }),
      ),
    );
  });
  afterAll(async () => {
    await api.close();
    await stores.close();
  });

  const caseOf = (name: string, more: Partial<Case> = {}): Case => ({
    operation: {
      ...{ name: `post /${name}`, method: 'post', path: `/${name}`, identity: 'none', roles: [] },
      ...{ query: {}, body: undefined },
    },
    ...{ who: 'nobody', how: 'good', path: `/${name}`, headers: {}, body: Buffer.from('{}') },
    ...more,
  });
  const wrongOf = async (...cases: Case[]) =>
    (await playBatch({ url: api.url, stores }, cases)).map(({ call, wrong }) => [call, ...wrong]);

  it('finds nothing wrong with a sound refusal', async () => {
    expect(await wrongOf(caseOf('sound'), caseOf('sound'))).toEqual([]);
  });

  it.each([
    ['bug', /status 500/],
    ['leak', /tells what is ours: ER_DUP_ENTRY/],
    ['mute', /no sentence/],
    ['away', /503 without Retry-After/],
  ])('sees %s', async (name, told) => {
    const [[, wrong] = []] = await wrongOf(caseOf('sound'), caseOf(name));
    expect(wrong).toMatch(told);
  });

  it('says which of many refused calls left a row', async () => {
    const found = await wrongOf(caseOf('sound'), caseOf('stray'), caseOf('sound'));
    expect(found).toEqual([['post /stray', 'was refused and changed catalog.fans']]);
  });

  it('sees who got in though nobody may', async () => {
    const [[, wrong] = []] = await wrongOf(caseOf('sound', { expected: 401 }));
    expect(wrong).toBe('404 where 401 is due to nobody');
  });

  it.each([
    [{ code: 'no end' as const, out: '', err: '' }, 'does not end'],
    [{ code: 7, out: '', err: 'a long sentence' }, 'exit code 7'],
    [{ code: 1, out: '', err: '' }, 'says nothing'],
    [{ code: 1, out: '', err: 'usher: Cannot read properties of undefined' }, 'says what nobody'],
    [{ code: 1, out: '', err: 'usher: failed\n    at run (x.js:1:1)' }, 'says what nobody'],
    [{ code: 0, out: 'done', err: '' }, 'standard output is no JSON'],
  ])('sees a command that ends like %j', (ran, told) => {
    expect(judgeRun({ ...ran, argv: ['sale', '--json'] }).join()).toContain(told);
  });

  it('sees errors in a log', () => {
    const quiet = '{"level":30,"msg":"listening"}\n{"level":40,"msg":"slow"}\n';
    expect(logFaults(quiet)).toEqual([]);
    expect(logFaults(`${quiet}{"level":50,"msg":"a call failed"}\n`)).toHaveLength(1);
    expect(logFaults(`${quiet}Error: x\n    at run (x.js:1:1)\n`)).toHaveLength(2);
  });

  it('draws the same command lines from the same seed, whatever was drawn before', () => {
    const known = { show_id: ['1', '2'], sale_id: ['desk'] };
    const made = (seed: string, leaves: Leaf[]) =>
      new Map(
        leaves.map((leaf) => {
          const random = randomOf(`${seed} ${leaf.name}`);
          return [leaf.name, commandLines(leaf, 5, { known, random })];
        }),
      );
    const leaves = leavesOf(wholeProgram());
    const all = made('a', leaves);
    expect(made('a', leaves)).toEqual(all);
    expect(made('b', leaves)).not.toEqual(all);
    const [last] = leaves.slice(-1) as [Leaf];
    expect(made('a', [last]).get(last.name)).toEqual(all.get(last.name));
  });

  it('takes help for help, with --json too', () => {
    const ran = { code: 0, out: 'Usage: usher sale', err: '' } as const;
    expect(judgeRun({ ...ran, argv: ['sale', '-h', '--json'] })).toEqual([]);
  });

  it('makes the same hostile values from the same seed, and a line that repeats a call', () => {
    const made = (seed: string) => {
      const random = randomOf(seed);
      const sampler = { random, known: {}, resolve: <T>(schema: T) => schema };
      const schema = { type: 'object', required: ['a'], properties: { a: { type: 'string' } } };
      const bodies = Array.from({ length: 20 }, () => {
        return toJson(spoil(sample(schema, '', sampler), random).value);
      });
      return [...bodies, toJson(hostileValue(random)), String(hostileBody(random))];
    };
    expect(made('a')).toEqual(made('a'));
    expect(made('a')).not.toEqual(made('b'));
    expect(curlOf('http://x', caseOf('bug'))).toBe(
      "curl -gi --path-as-is -X POST --data-raw '{}' 'http://x/bug'",
    );
  });
});
