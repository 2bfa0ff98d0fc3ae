import { statSync } from 'node:fs';

/** What mostly waits begins first, so that it has company and nobody waits for it at the end. */
const first = ['redis-stopped', 'simulate', 'loadtest/faults', 'test/crash', 'test/browser'];

/** The order of the test files, by Jest's interface: long ones first, then the larger files. */
export default class LongestFirst {
  sort(tests) {
    const ranked = tests.map((test) => ({ test, rank: rankOf(test), size: sizeOf(test) }));
    ranked.sort((a, b) => a.rank - b.rank || b.size - a.size);
    return ranked.map(({ test }) => test);
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}

function rankOf({ path }) {
  const rank = first.findIndex((part) => path.includes(part));
  return rank === -1 ? first.length : rank;
}

function sizeOf({ path }) {
  return statSync(path).size;
}
