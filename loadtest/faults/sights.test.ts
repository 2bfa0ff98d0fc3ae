import { expect, it } from '@jest/globals';
import { type Sight, sights, unseen } from './sights.js';

it('names what a run never saw, and nothing when it saw all', () => {
  const all = Object.keys(sights) as Sight[];
  expect(unseen([{ saw: ['deadlock'] }, { saw: [] }])).toEqual(
    all.filter((sight) => sight !== 'deadlock'),
  );
  expect(unseen(all.map((sight) => ({ saw: [sight] })))).toEqual([]);
});
