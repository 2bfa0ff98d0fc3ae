import type { Fault } from './faults.js';
import { type Played, play } from './play.js';
import type { Plan, Settings, Step } from './step.js';

type Small = { plan: Plan; broken: NonNullable<Played['broken']> };

/**
 * Cuts a failing plan down while it breaks the same promise: whole stretches of steps first, then
 * single steps, then smaller numbers, then a smaller sale; `playsMax` tries at most.
 */
export async function shrink(
  plan: Plan,
  broken: NonNullable<Played['broken']>,
  { fault, playsMax }: { fault?: Fault | undefined; playsMax: number },
): Promise<Small> {
  let plays = 0;
  // What broke on the way needs no coming to rest, which is most of the work.
  const comesToRest = broken.step === plan.steps.length;
  let best: Small = { plan: { ...plan, steps: plan.steps.slice(0, broken.step + 1) }, broken };
  const fails = async (candidate: Plan): Promise<boolean> => {
    if (plays >= playsMax) return false;
    plays += 1;
    const played = await play(candidate, fault, comesToRest);
    if (played.broken?.rule !== broken.rule) return false;
    best = { plan: candidate, broken: played.broken };
    return true;
  };
  for (let before = ''; before !== JSON.stringify(best.plan) && plays < playsMax; ) {
    before = JSON.stringify(best.plan);
    await dropSteps(() => best.plan, fails);
    await lowerNumbers(() => best.plan, fails);
    await lowerSettings(() => best.plan, fails);
  }
  return best;
}

type Fails = (candidate: Plan) => Promise<boolean>;

async function dropSteps(best: () => Plan, fails: Fails): Promise<void> {
  for (let size = Math.ceil(best().steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best().steps.length; ) {
      const { settings, steps } = best();
      const without = [...steps.slice(0, at), ...steps.slice(at + size)];
      if (!(await fails({ settings, steps: without }))) at += size;
    }
  }
}

async function lowerNumbers(best: () => Plan, fails: Fails): Promise<void> {
  for (let at = 0; at < best().steps.length; at += 1) {
    for (const key of ['who', 'n', 'at'] as const) {
      const value = best().steps[at]?.[key];
      if (value === undefined || value === 0) continue;
      for (const lower of [0, Math.sign(value), Math.trunc(value / 2)]) {
        const { settings, steps } = best();
        const changed = steps.map(
          (step, no): Step => (no === at ? { ...step, [key]: lower } : step),
        );
        if (Math.abs(lower) < Math.abs(value) && (await fails({ settings, steps: changed }))) break;
      }
    }
  }
}

async function lowerSettings(best: () => Plan, fails: Fails): Promise<void> {
  const smaller: ((settings: Settings) => Partial<Settings>)[] = [
    ({ fans }) => ({ fans: Math.max(1, fans - 1) }),
    ({ rows }) => ({ rows: rows.length > 1 ? rows.slice(1) : rows }),
    ({ rows }) => ({ rows: rows.map((size) => Math.max(1, size - 1)) }),
    () => ({ lobby: 'arrival' }),
    () => ({ orphanRule: 'off' }),
    () => ({ offerMs: 0 }),
    () => ({ startsInMs: 86_400_000 }),
  ];
  for (const change of smaller) {
    for (;;) {
      const { settings, steps } = best();
      const lower = { ...settings, ...change(settings) };
      if (JSON.stringify(lower) === JSON.stringify(settings)) break;
      if (!(await fails({ settings: lower, steps }))) break;
    }
  }
}
