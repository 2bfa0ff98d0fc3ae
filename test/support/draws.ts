import { createHash } from 'node:crypto';
import fc from 'fast-check';

// The same cases in every run, so that what is red is red again; `npm run fuzz` draws others.
const seed = process.env.USHER_FUZZ_SEED ?? 'usher';
fc.configureGlobal({ seed: createHash('sha256').update(seed).digest().readInt32BE() });

export { fc };
