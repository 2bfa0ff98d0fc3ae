import { expect, it } from '@jest/globals';
import { type Sight, sights, unseen } from './sights.js';

const all = Object.keys(sights) as Sight[];
const whole = { names: [], long: false, randomPlans: 0 };

it('names what a whole run never saw, and nothing when it saw all', () => {
  const rest = all.filter((sight) => sight !== 'together');
  expect(unseen([{ saw: ['deadlock'] }, { saw: [] }], whole)).toEqual(
    rest.filter((sight) => sight !== 'deadlock'),
  );
  expect(
    unseen(
      all.map((sight) => ({ saw: [sight] })),
      { ...whole, long: true, randomPlans: 3 },
    ),
  ).toEqual([]);
});

it('wants of random plans that faults met somebody together, and of named cells nothing', () => {
  expect(unseen([{ saw: [] }], { ...whole, randomPlans: 2 })).toEqual(['together']);
  expect(unseen([{ saw: ['together'] }], { ...whole, randomPlans: 2 })).toEqual([]);
  expect(unseen([{ saw: [] }], { ...whole, names: ['api-killed'] })).toEqual([]);
  expect(unseen([{ saw: [] }], { ...whole, long: true, randomPlans: 1 })).toEqual(all);
});
