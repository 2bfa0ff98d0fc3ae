import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';

/**
 * The file that `usher sale proof` writes. Everything here is computed from it alone, by code that
 * no part of the waiting room uses.
 */
export const proofFileSchema = z.strictObject({
  proof: z.strictObject({
    format: z.literal('usher-proof-1'),
    sale_id: z.string(),
    name: z.string(),
    lobby: z.enum(['arrival', 'draw']),
    opens_at: z.string(),
    seed_hash: z.string(),
    seed: z.string().nullable(),
    roster_digest: z.string(),
    roster_count: z.int(),
    admissions: z.array(
      z.strictObject({
        at: z.string(),
        score: z.int().nullable(),
        handle: z.string(),
        priority: z.boolean(),
        /** Missing in files of earlier versions. */
        by_staff: z.boolean().optional(),
        fan_id: z.string().optional(),
      }),
    ),
    made_at: z.string(),
    public_key: z.string(),
  }),
  signature: z.string(),
  /** 24 bytes for each who came before the opening, in base64. */
  roster: z.string(),
});

export type ProofFile = z.infer<typeof proofFileSchema>;
export type Finding = { check: string; ok: boolean; detail: string };
export type Member = { handle: string; score: number };

const entryBytes = 24;
const handleBytes = 16;
/** Latecomers of a drawn sale have scores from here on. */
const late = 2 ** 52;

/** All findings about a file, in the order in which they build on each other. */
export function verifyProof(file: ProofFile): Finding[] {
  const members = readRoster(file.roster);
  return [
    checkSignature(file),
    checkSeed(file),
    checkRoster(file, members),
    checkPlaces(members),
    checkHandles(file),
    checkDraw(file),
    checkMembers(file, members),
    checkOnce(file),
    checkTimes(file),
    checkOrder(file),
  ];
}

export function readRoster(base64: string): Member[] {
  const bytes = Buffer.from(base64, 'base64');
  const members: Member[] = [];
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    const handle = bytes.subarray(at, at + handleBytes).toString('hex');
    members.push({ handle, score: Number(bytes.readBigUInt64BE(at + handleBytes)) });
  }
  return members;
}

export function handleOf(saleId: string, fanId: string): string {
  return createHash('sha256')
    .update(`${saleId}|${fanId}`)
    .digest('hex')
    .slice(0, handleBytes * 2);
}

/** The first 52 bits of HMAC-SHA256(seed, fan). */
export function drawnScore(seed: string, fanId: string): number {
  const mac = createHmac('sha256', Buffer.from(seed, 'hex')).update(fanId).digest('hex');
  return Number.parseInt(mac.slice(0, 13), 16);
}

/** A short name of the signing key, to be compared with the one that the sale's page shows. */
export function keyName({ proof }: ProofFile): string {
  const der = Buffer.from(proof.public_key, 'base64');
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

function checkSignature(file: ProofFile): Finding {
  const check = 'signature';
  try {
    const der = Buffer.from(file.proof.public_key, 'base64');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const text = Buffer.from(`${file.proof.format}\n${JSON.stringify(file.proof)}`);
    // One spelling only, since base64 has spare bits that a change could hide in.
    const signature = Buffer.from(file.signature, 'base64');
    const ok =
      key.asymmetricKeyType === 'ed25519' &&
      signature.toString('base64') === file.signature &&
      verify(null, text, key, signature);
    return { check, ok, detail: ok ? `by key ${keyName(file)}` : 'the file was changed' };
  } catch {
    return { check, ok: false, detail: 'the key or the signature is unreadable' };
  }
}

function checkSeed({ proof }: ProofFile): Finding {
  const check = 'seed';
  if (proof.lobby === 'arrival') {
    return { check, ok: proof.seed === null, detail: 'places by arrival: no lots were drawn' };
  }
  const hash = createHash('sha256')
    .update(Buffer.from(proof.seed ?? '', 'hex'))
    .digest('hex');
  const ok = proof.seed !== null && hash === proof.seed_hash;
  return { check, ok, detail: ok ? 'is the one announced by its hash' : 'is another one' };
}

function checkRoster({ proof, roster }: ProofFile, members: Member[]): Finding {
  const bytes = Buffer.from(roster, 'base64');
  const digest = createHash('sha256').update(bytes).digest('hex');
  const ok =
    digest === proof.roster_digest &&
    bytes.toString('base64') === roster &&
    members.length === proof.roster_count &&
    bytes.length === members.length * entryBytes;
  const detail = ok ? `${members.length} came before the opening` : 'is not the published one';
  return { check: 'roster', ok, detail };
}

function checkPlaces(members: Member[]): Finding {
  const wrong = members.filter(({ score }, at) => at > 0 && score < (members[at - 1]?.score ?? 0));
  const different = new Set(members.map(({ handle, score }) => `${handle} ${score}`)).size;
  const ok = wrong.length === 0 && different === members.length;
  return { check: 'places', ok, detail: ok ? 'in the order of their scores' : 'out of order' };
}

function checkHandles({ proof }: ProofFile): Finding {
  const named = proof.admissions.filter(({ fan_id }) => fan_id !== undefined);
  const wrong = named.filter(
    ({ handle, fan_id = '' }) => handle !== handleOf(proof.sale_id, fan_id),
  );
  const detail = named.length === 0 ? 'the file names no fans' : `${named.length} computed again`;
  return { check: 'names', ok: wrong.length === 0, detail };
}

function checkDraw({ proof }: ProofFile): Finding {
  const check = 'draw';
  const { seed } = proof;
  if (seed === null) return { check, ok: proof.lobby === 'arrival', detail: 'none' };
  const drawn = proof.admissions.filter(
    ({ score, fan_id }) => fan_id !== undefined && score !== null && score < late,
  );
  const wrong = drawn.filter(({ score, fan_id = '' }) => score !== drawnScore(seed, fan_id));
  const detail =
    wrong.length > 0 ? `${wrong.length} scores are not their fans'` : `${drawn.length} drawn again`;
  return { check, ok: wrong.length === 0, detail };
}

/** Nobody gets a place before the opening's last one without having been there. */
function checkMembers({ proof }: ProofFile, members: Member[]): Finding {
  const there = new Set(members.map(({ handle, score }) => `${handle} ${score}`));
  const first = proof.lobby === 'draw' ? late : (members.at(-1)?.score ?? -1) + 1;
  const strangers = proof.admissions.filter(
    ({ handle, score }) => score !== null && score < first && !there.has(`${handle} ${score}`),
  );
  const ok = strangers.length === 0;
  const detail = ok
    ? 'all early places are in the roster'
    : `${strangers.length} were put in later`;
  return { check: 'members', ok, detail };
}

function checkOnce({ proof }: ProofFile): Finding {
  const seen = new Map<number, string>();
  const twice = proof.admissions.filter(({ score, handle }) => {
    if (score === null) return true;
    const before = seen.get(score);
    seen.set(score, handle);
    return before !== undefined;
  });
  const ok = twice.length === 0;
  return { check: 'once', ok, detail: ok ? 'no place was used twice' : `${twice.length} were` };
}

function checkTimes({ proof }: ProofFile): Finding {
  const opens = Date.parse(proof.opens_at);
  const made = Date.parse(proof.made_at);
  const times = proof.admissions.map(({ at }) => Date.parse(at));
  const ok = times.every(
    (ms, index) => ms >= opens - clockMs && ms <= made + clockMs && ms >= (times[index - 1] ?? 0),
  );
  const rated = proof.admissions.filter((one) => !one.by_staff).map(({ at }) => Date.parse(at));
  const beside = times.length - rated.length;
  const more = beside > 0 ? `, ${beside} more by staff beside the rate` : '';
  const detail = `${rated.length} admissions, ${busiest(rated)} in a minute${more}`;
  return { check: 'times', ok, detail };
}

/** Two clocks of one Usher may differ by this much. */
const clockMs = 2_000;

function busiest(times: number[]): number {
  let most = 0;
  let from = 0;
  for (const [index, ms] of times.entries()) {
    while ((times[from] ?? ms) <= ms - 60_000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

/**
 * Without codes, whoever is admitted after somebody with a later place had been away, or came back
 * after a loss: such are counted, so that everybody sees how many.
 */
function checkOrder({ proof }: ProofFile): Finding {
  let furthest = -1;
  let group = { at: '', furthest: -1 };
  let cameBack = 0;
  let favoured = 0;
  for (const { at, score, priority } of proof.admissions) {
    if (at !== group.at) {
      furthest = Math.max(furthest, group.furthest);
      group = { at, furthest: -1 };
    }
    if (score === null) continue;
    if (priority) favoured += 1;
    else if (score < furthest) cameBack += 1;
    else group.furthest = Math.max(group.furthest, score);
  }
  const inOrder = proof.admissions.length - favoured - cameBack;
  return {
    check: 'order',
    ok: true,
    detail: `${inOrder} in order, ${cameBack} who came back, ${favoured} with priority`,
  };
}
