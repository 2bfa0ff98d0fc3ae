// Checks the fan's own place by the public proof, with this code alone and no word of the server
// taken on trust: only the receipt, the published digest and the seed's earlier hash count.

export interface Proof {
  sale_id: string;
  lobby: 'arrival' | 'draw';
  seed_hash: string;
  seed: string | null;
  roster_digest: string;
  roster_count: number;
  admissions: { at: string; score: number | null; handle: string; priority: boolean }[];
  public_key: string;
}

export interface Checked {
  ok: boolean;
  /** What was found, in words. */
  lines: string[];
}

const entryBytes = 24;
const handleBytes = 16;
const late = 2 ** 52;

/** The readable part of a receipt: fan, sale and score. */
export function readReceipt(receipt: string): { sub: string; aud: string; sc: number } | null {
  try {
    const body = (receipt.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const claims = JSON.parse(atob(body)) as { sub: string; aud: string; sc: number };
    return typeof claims.sub === 'string' && typeof claims.sc === 'number' ? claims : null;
  } catch {
    return null;
  }
}

export async function checkPlace(
  proof: Proof,
  roster: Uint8Array<ArrayBuffer>,
  receipt: string,
): Promise<Checked> {
  const claims = readReceipt(receipt);
  if (claims === null || claims.aud !== proof.sale_id) {
    return { ok: false, lines: ['Your receipt is not of this sale.'] };
  }
  const faults: string[] = [];
  if ((await sha256(roster)) !== proof.roster_digest) {
    faults.push('The list of those who came before the opening is not the published one.');
  }
  if (proof.seed !== null && (await sha256(bytesOf(proof.seed))) !== proof.seed_hash) {
    faults.push('The seed of the draw is not the one that was announced.');
  }
  const score = await scoreOf(proof, claims);
  const handle = (await sha256(text(`${proof.sale_id}|${claims.sub}`))).slice(0, handleBytes * 2);
  const { place, last } = findPlace(roster, handle, score);
  const isLate = proof.lobby === 'draw' ? score >= late : score > last;
  if (place === null && !isLate) faults.push('Your place is missing in the list.');
  if (faults.length > 0) return { ok: false, lines: faults };
  const turn = proof.admissions.find((one) => one.handle === handle && one.score === score);
  return {
    ok: true,
    lines: [
      place === null
        ? `You came after the opening, behind all ${proof.roster_count} who were there before.`
        : `You had place ${place} of the ${proof.roster_count} who came before the opening.`,
      ...(proof.seed === null
        ? ['Places were given in the order of arrival.']
        : ['The seed is the announced one, and your lot follows from it.']),
      turn === undefined ? 'You were not let in yet.' : `You were let in at ${turn.at}.`,
    ],
  };
}

/** A receipt of a drawn lobby tells no score yet: it follows from seed and fan. */
async function scoreOf(proof: Proof, claims: { sub: string; sc: number }): Promise<number> {
  if (claims.sc !== 0 || proof.seed === null) return claims.sc;
  const key = await crypto.subtle.importKey(
    'raw',
    bytesOf(proof.seed),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const mac = hex(new Uint8Array(await crypto.subtle.sign('HMAC', key, text(claims.sub))));
  return Number.parseInt(mac.slice(0, 13), 16);
}

function findPlace(
  roster: Uint8Array<ArrayBuffer>,
  handle: string,
  score: number,
): { place: number | null; last: number } {
  const view = new DataView(roster.buffer, roster.byteOffset, roster.byteLength);
  const count = Math.floor(roster.length / entryBytes);
  const scoreAt = (no: number): number => Number(view.getBigUint64(no * entryBytes + handleBytes));
  for (let no = 0; no < count; no += 1) {
    if (scoreAt(no) !== score) continue;
    const at = no * entryBytes;
    if (hex(roster.subarray(at, at + handleBytes)) === handle) {
      return { place: no + 1, last: scoreAt(count - 1) };
    }
  }
  return { place: null, last: count === 0 ? -1 : scoreAt(count - 1) };
}

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

function bytesOf(value: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
