import { createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { checkPlace, type Proof } from './proof.js';

const saleId = 'gala';
const seed = randomBytes(32);
const sha = (data: Buffer | string) => createHash('sha256').update(data).digest('hex');
const scoreOf = (fanId: string) =>
  Number(createHmac('sha256', seed).update(fanId).digest().readBigUInt64BE() >> 12n);
const handleOf = (fanId: string) => sha(`${saleId}|${fanId}`).slice(0, 32);

function receiptOf(fanId: string, score: number): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part({ sub: fanId, aud: saleId, ep: 1, sc: score })}.mac`;
}

const fans = ['anna', 'bert', 'cleo', 'dora']
  .map((fanId) => ({ fanId, score: scoreOf(fanId) }))
  .sort((a, b) => a.score - b.score);

function rosterOf(list: { fanId: string; score: number }[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    Buffer.concat(
      list.map(({ fanId, score }) => {
        const entry = Buffer.alloc(24, handleOf(fanId), 'hex');
        entry.writeBigUInt64BE(BigInt(score), 16);
        return entry;
      }),
    ),
  );
}

const roster = rosterOf(fans);
const proof: Proof = {
  sale_id: saleId,
  lobby: 'draw',
  seed_hash: sha(seed),
  seed: seed.toString('hex'),
  roster_digest: sha(Buffer.from(roster)),
  roster_count: fans.length,
  admissions: fans.slice(0, 1).map(({ fanId, score }) => ({
    at: '2026-12-18T09:00:01.000Z',
    score,
    handle: handleOf(fanId),
    priority: false,
  })),
  public_key: '',
};

describe('the check of a place on the page', () => {
  it('finds each place by the receipt of the lobby, which tells no score', async () => {
    for (const [index, { fanId }] of fans.entries()) {
      const checked = await checkPlace(proof, roster, receiptOf(fanId, 0));
      expect(checked.ok).toBe(true);
      expect(checked.lines[0]).toContain(`place ${index + 1} of the 4`);
      expect(checked.lines[2]).toContain(index === 0 ? '09:00:01' : 'not let in');
    }
  });

  it('tells latecomers that they came later', async () => {
    const checked = await checkPlace(proof, roster, receiptOf('emil', 2 ** 52 + 7));
    expect(checked).toMatchObject({ ok: true });
    expect(checked.lines[0]).toContain('after the opening');
  });

  it('says so when the list, the seed or the place is another', async () => {
    const [first] = fans;
    const mine = receiptOf(first?.fanId ?? '', 0);
    const others = rosterOf(fans.slice(1));
    const swapped = { ...proof, seed: randomBytes(32).toString('hex') };
    const digest = sha(Buffer.from(others));
    expect((await checkPlace(proof, others, mine)).ok).toBe(false);
    expect((await checkPlace(swapped, roster, mine)).ok).toBe(false);
    expect((await checkPlace({ ...proof, roster_digest: digest }, others, mine)).ok).toBe(false);
    expect((await checkPlace(proof, roster, receiptOf('nobody', 0))).ok).toBe(false);
    expect((await checkPlace(proof, roster, 'no receipt')).ok).toBe(false);
  });
});
