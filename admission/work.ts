import { createHmac } from 'node:crypto';
import { createChallenge, extractParams, verifySolution } from 'altcha-lib/v1';
import { z } from 'zod';
import type { Secrets } from '../core/runtime/secrets.js';

/** Work to be done before joining: find the number whose hash with the salt is the challenge. */
export type Challenge = {
  algorithm: string;
  challenge: string;
  maxnumber: number;
  salt: string;
  signature: string;
};

type For = { saleId: string; fanId: string; difficulty: number };

/** How long a challenge may be answered. */
export const workMs = 600_000;

const shown = z.object({
  algorithm: z.literal('SHA-256'),
  challenge: z.string().regex(/^[0-9a-f]{64}$/),
  number: z.int().min(0),
  salt: z.string().max(300),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A challenge that this fan alone can use, for this sale, at the difficulty that it names. */
export async function makeChallenge(
  secrets: Pick<Secrets, 'data'>,
  { saleId, fanId, difficulty }: For,
): Promise<Challenge> {
  const made = await createChallenge({
    algorithm: 'SHA-256',
    hmacKey: keysOf(secrets)[0] ?? '',
    maxnumber: difficulty,
    expires: new Date(Date.now() + workMs),
    params: { sale: saleId, fan: fanId, difficulty: String(difficulty) },
  });
  return { ...made, maxnumber: difficulty };
}

/**
 * Checks a solution with two hashes, whatever the finding of it took. An easier challenge than the
 * sale asks for by now is refused.
 * @returns the signature of the challenge, which may be shown once; undefined when it is no good.
 */
export async function checkWork(
  secrets: Pick<Secrets, 'data'>,
  payload: string,
  { saleId, fanId, difficulty }: For,
): Promise<string | undefined> {
  const solution = readSolution(payload);
  if (!solution) return undefined;
  const said = extractParams(solution);
  if (said.sale !== saleId || said.fan !== fanId || !said.expires) return undefined;
  if (Number(said.difficulty) < difficulty) return undefined;
  for (const key of keysOf(secrets)) {
    if (await verifySolution(solution, key)) return solution.signature;
  }
  return undefined;
}

function readSolution(payload: string): z.infer<typeof shown> | undefined {
  try {
    return shown.parse(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Own keys for this use, made of the data keys, so that nothing signed elsewhere counts here. */
function keysOf({ data }: Pick<Secrets, 'data'>): string[] {
  return data.map(({ key }) => createHmac('sha256', key).update('usher work').digest('hex'));
}
