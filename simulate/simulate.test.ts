import { describe, expect, it } from '@jest/globals';
import { faults } from './faults.js';
import { play } from './play.js';
import { testOf } from './print.js';
import { playSeed, simulate } from './simulate.js';
import type { Plan } from './step.js';

/** Sales in which a planted fault must have been seen. */
const salesMax = 150;
const stepsMax = 30;

describe('sales in simulated time', () => {
  it('keep every promise, and do something', async () => {
    const { sales, counts, failure } = await simulate({
      seed: 'test',
      salesMax: 40,
      secondsMax: 60,
    });
    expect(failure && testOf(failure)).toBeNull();
    expect(sales).toBe(40);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(10);
  });

  it('are the same for the same seed, and for the steps that it drew', async () => {
    const first = await playSeed('again');
    expect(await playSeed('again')).toEqual(first);
    expect(await play(first.plan)).toEqual(first.played);
  });

  // The control: what is looked for would be seen.
  it.each(faults.map((fault) => [fault.name, fault] as const))(
    'show %s, cut down to few steps',
    async (_name, fault) => {
      const { failure } = await simulate(
        { seed: 'fault', salesMax, secondsMax: 60, cutPlaysMax: 300 },
        fault,
      );
      if (!failure) throw new Error(`${salesMax} sales went well in spite of it`);
      const { plan, broken, found } = failure;
      expect(plan.steps.length).toBeLessThanOrEqual(stepsMax);
      expect(plan.steps.length).toBeLessThan(found.steps.length);
      expect((await play(plan, fault)).broken).toEqual(broken);
      expect((await play(plan)).broken).toBeNull();
      for (const step of plan.steps) expect(testOf(failure)).toContain(JSON.stringify(step));
    },
  );
});

describe('a promise that was broken once', () => {
  const settings: Plan['settings'] = {
    ...{ fans: 3, lobby: 'arrival', ratePerMinute: 30, passCap: 6, passMs: 20_000, rows: [1] },
    ...{ seatCap: 1, orphanRule: 'off', holdMs: 300_000, offerMs: 0, startsInMs: 86_400_000 },
  };

  it('takes nobody for silent who was there while a pump slept', async () => {
    const plan: Plan = {
      settings,
      steps: [
        { do: 'wait', n: 45_845 },
        { do: 'tick', who: 0 },
        { do: 'join', who: 1 },
        { do: 'wait', n: 56_966 },
        { do: 'join', who: 0 },
        { do: 'join', who: 2 },
        { do: 'tick', who: 0 },
        { do: 'wait', n: 5_207 },
        { do: 'look', who: 2 },
        { do: 'tick', who: 1 },
      ],
    };
    expect((await play(plan)).broken).toBeNull();
    const before = faults.find(({ name }) => name === "a pump's long sleep at once");
    expect((await play(plan, before)).broken?.rule).toBe('nobody present is overtaken');
  });
});
