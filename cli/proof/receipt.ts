import { z } from 'zod';
import { drawnScore, type Finding, handleOf, type ProofFile, readRoster } from './verify.js';

const claimsSchema = z.object({ sub: z.string(), aud: z.string(), sc: z.number() }).loose();

/**
 * Compares a fan's own receipt with the public proof. The receipt's signature needs Usher's keys;
 * its content is what the fan was promised, and it has to stand in the proof.
 */
export function checkReceipt(file: ProofFile, receipt: string): Finding[] {
  const { proof } = file;
  const claims = readClaims(receipt);
  if (!claims) return [{ check: 'receipt', ok: false, detail: 'is not one of Usher' }];
  if (claims.aud !== proof.sale_id) {
    return [{ check: 'receipt', ok: false, detail: `is of the sale ${claims.aud}` }];
  }
  const handle = handleOf(proof.sale_id, claims.sub);
  const members = readRoster(file.roster);
  // A receipt of a drawn lobby was given before the draw was known, so its score is drawn here.
  const score =
    claims.sc === 0 && proof.seed !== null ? drawnScore(proof.seed, claims.sub) : claims.sc;
  const place = members.findIndex((one) => one.handle === handle && one.score === score);
  const wasLate = proof.lobby === 'draw' ? score >= 2 ** 52 : score > (members.at(-1)?.score ?? -1);
  const admitted = proof.admissions.find((one) => one.handle === handle && one.score === score);
  const after = proof.admissions.filter(
    (one) => !one.priority && !one.by_staff && one.score !== null && one.score > score,
  ).length;
  return [
    {
      check: 'your place',
      ok: place >= 0 || wasLate,
      detail:
        place >= 0
          ? `${place + 1} of the ${members.length} who came before the opening`
          : wasLate
            ? 'behind all who came before the opening'
            : 'is missing in the roster',
    },
    {
      check: 'your turn',
      ok: true,
      detail: admitted ? `at ${admitted.at}` : `not admitted; ${after} with later places were`,
    },
  ];
}

function readClaims(receipt: string): z.infer<typeof claimsSchema> | undefined {
  try {
    const body = receipt.trim().split('.')[1] ?? '';
    return claimsSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}
