import { expect, it } from '@jest/globals';
import { recoveryTable } from './recovery.js';

it('sums up by part how soon somebody was served again', () => {
  const lines = [
    '| cell | part | what befalls it | last result | served again after | settled after | at |',
    '| `a` | lanes | one | held | 0.4 s | 1.0 s | abc |',
    '| `b` | lanes | two | held | 3.0 s | 9.0 s | abc |',
    '| `c` | lanes | three | broken | never | 9.0 s | abc |',
    '| `d` | Redis | four | held | 2.5 s | 0.1 s | abc |',
  ];
  expect(recoveryTable(lines).split('\n').slice(2)).toEqual([
    '| lanes | 2 | 0.4 s | 3.0 s | `a` 0.4, `b` 3.0 |',
    '| Redis | 1 | 2.5 s | 2.5 s | `d` 2.5 |',
  ]);
});
