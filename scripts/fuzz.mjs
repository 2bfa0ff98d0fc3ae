// Hostile input for longer than the test run takes: fresh worlds, other seeds, more of everything.
//
//   npm run fuzz -- [--seed TEXT] [--rounds 5] [--depth 30] [--only 'post /api/v1/reserve']
//
// A seed plays the same calls again; --only takes those whose name fits the pattern. Everything
// runs on engines and programs of its own and cannot be pointed anywhere else.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));

process.exitCode = main(process.argv.slice(2));

function main(args) {
  const wish = read(args);
  if (!wish) return 2;
  const set = run(['scripts/setup.mjs', '--for-tests'], {});
  if (set !== 0) return set;
  let failed = 0;
  for (let round = 1; round <= wish.rounds; round += 1) {
    const seed = wish.rounds === 1 ? wish.seed : `${wish.seed}-${round}`;
    console.log(`Round ${round} of ${wish.rounds}, seed ${seed}`);
    const jest = 'node_modules/jest/bin/jest.js';
    const code = run(['--experimental-vm-modules', jest, '-i', 'test/fuzz/fuzz.test.ts'], {
      USHER_FUZZ_SEED: seed,
      USHER_FUZZ_DEPTH: String(wish.depth),
      USHER_FUZZ_ONLY: wish.only,
    });
    if (code === 0) continue;
    failed += 1;
    const { depth, only } = wish;
    const again = [
      `--seed '${seed}'`,
      '--rounds 1',
      `--depth ${depth}`,
      only && `--only '${only}'`,
    ];
    console.log(`Again: npm run fuzz -- ${again.filter(Boolean).join(' ')}`);
  }
  console.log(failed === 0 ? 'Nothing was found.' : `${failed} rounds found something.`);
  return failed === 0 ? 0 : 1;
}

function run(args, more) {
  const env = { ...process.env, ...more };
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
}

function read(args) {
  const text = { type: 'string' };
  try {
    const options = { seed: text, rounds: text, depth: text, only: text };
    const { values } = parseArgs({ args, options });
    const seed = values.seed ?? randomBytes(4).toString('hex');
    const [rounds, depth] = [Number(values.rounds ?? 5), Number(values.depth ?? 30)];
    new RegExp(values.only ?? '');
    if ([rounds, depth].every((count) => Number.isInteger(count) && count > 0 && count <= 1_000)) {
      return { seed, rounds, depth, only: values.only ?? '' };
    }
    throw new Error('--rounds and --depth are whole numbers from 1 to 1000');
  } catch (error) {
    console.error(`fuzz: ${error.message}`);
    return undefined;
  }
}
