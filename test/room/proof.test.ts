// A drawn sale from the lobby to the last admission, with Redis lost in the middle, and its proof.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Gate } from '../../admission/gate.js';
import type { Pump } from '../../admission/pump.js';
import { proofRoutes } from '../../api/routes/proof.js';
import { saveLogin } from '../../cli/login-file.js';
import { runCli } from '../../cli/program.js';
import type { ProofFile } from '../../cli/proof/verify.js';
import { changeSale } from '../../core/store/catalog/sales.js';
import { audit } from '../../loadtest/audit/run.js';
import { type OwnRedis, openRoomBench, type RoomBench, startOwnRedis } from '../support/rooms.js';
import { serveRoutes, type TestApi } from '../support/routes.js';
import { openTestStores, type TestStores } from '../support/stores.js';
import { until } from '../support/until.js';

let stores: TestStores;
let own: OwnRedis;
let bench: RoomBench;
let api: TestApi;
let gate: Gate;
let pump: Pump;
let folder: string;

beforeAll(async () => {
  stores = await openTestStores(1);
  own = await startOwnRedis();
  api = await serveRoutes(stores, proofRoutes);
  const on = { stores, secrets: api.deps.secrets };
  bench = await openRoomBench({ redisUrl: own.url, restoreMs: 500, on });
  gate = bench.openGate();
  pump = bench.openPump();
  folder = mkdtempSync(join(tmpdir(), 'usher-proof-'));
  const token = api.deps.tokens.signSession({
    fanId: 'tester',
    epoch: 1,
    role: 'ops',
    expiresAtMs: Date.now() + 600_000,
  });
  const expires_at = new Date(Date.now() + 600_000).toISOString();
  saveLogin(join(folder, 'login.json'), { url: api.url, token, name: 'tester', expires_at });
});
afterAll(async () => {
  await bench.close();
  await api.close();
  await own.close();
  await stores.close();
  rmSync(folder, { recursive: true, force: true });
});

async function usher(...argv: string[]): Promise<{ code: number; body: Record<string, unknown> }> {
  let text = '';
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const code = await runCli([...argv, '--json'], {
    env: { USHER_CONFIG: join(folder, 'login.json') },
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
  });
  return { code, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

async function admit(saleId: string, count: number): Promise<void> {
  const set = { passCap: count };
  await stores.catalog.transaction((tx) =>
    changeSale(tx, { saleId, actor: 'test', action: 'sale.test', set }),
  );
  await gate.changed(saleId);
  const done = async (): Promise<boolean> => {
    await pump.tick(saleId);
    const sql = 'SELECT COUNT(*) AS n FROM admission WHERE sale_id = ?';
    const [row] = await stores.catalog.rows<{ n: number }>(sql, [saleId]);
    return Number(row?.n) >= count;
  };
  await until(done, { what: `${count} admissions`, every: 20 });
}

/** A sale through everything that a proof has to survive; the receipts are the fans' own. */
async function playSale(lobby: 'draw' | 'arrival'): Promise<{
  saleId: string;
  receipts: Map<string, string>;
}> {
  const saleId = await bench.addSale({
    lobby,
    opensInMs: 1_200,
    passCap: 1,
    ratePerMinute: 60_000,
  });
  expect(await api.call(`/api/v1/sales/${saleId}/proof`)).toMatchObject({ status: 409 });
  const early = await bench.addFans(12);
  const receipts = new Map<string, string>();
  const join = async (fanId: string): Promise<void> => {
    const { place } = await gate.join({ saleId, fanId, receipt: receipts.get(fanId) ?? '' });
    if (place.receipt) receipts.set(fanId, place.receipt);
  };
  for (const fanId of early) await join(fanId);
  await admit(saleId, 4);
  await until(async () => (await gate.room(saleId)).roster_digest !== null, { what: 'a digest' });
  const fans = [...early, ...(await bench.addFans(3))];
  for (const fanId of fans.slice(12)) await join(fanId);
  await bench.redis.flushall();
  for (const fanId of [...fans].reverse()) await join(fanId);
  await admit(saleId, 15);
  return { saleId, receipts };
}

describe.each(['draw', 'arrival'] as const)('the proof of a sale by %s', (lobby) => {
  let saleId: string;
  let receipts: Map<string, string>;
  let name: string;
  let file: ProofFile;

  beforeAll(async () => {
    ({ saleId, receipts } = await playSale(lobby));
    name = join(folder, `${lobby}.json`);
    const written = await usher('sale', 'proof', saleId, '--out', name);
    expect(written).toMatchObject({ code: 0, body: { roster_count: 12, admissions: 15 } });
    file = JSON.parse(readFileSync(name, 'utf8')) as ProofFile;
  });

  it('holds, offline, although Redis was emptied in the middle', async () => {
    const verified = await usher('verify', name);
    expect(verified).toMatchObject({ code: 0, body: { ok: true } });
    const findings = verified.body.findings as { check: string; detail: string }[];
    expect(findings.find(({ check }) => check === 'order')?.detail).toBe(
      '15 in order, 0 who came back, 0 with priority',
    );
    expect(file.proof.roster_digest).toBe((await gate.room(saleId)).roster_digest);
    expect(Buffer.from(file.proof.seed_hash, 'hex')).toHaveLength(32);
  });

  it("shows a fan's own place and turn by the receipt alone, and names nobody in public", async () => {
    const { body } = await api.call(`/api/v1/sales/${saleId}/proof`);
    const open = join(folder, 'public.json');
    writeFileSync(open, JSON.stringify({ ...body, roster: file.roster }));
    expect(JSON.stringify(body)).not.toContain('fan_id');
    const [[fanId, receipt] = ['', '']] = receipts;
    const checked = await usher('verify', open, '--receipt', receipt);
    expect(checked).toMatchObject({ code: 0, body: { ok: true } });
    const found = checked.body.findings as { check: string; detail: string }[];
    const place = Number(found.find(({ check }) => check === 'your place')?.detail.split(' ')[0]);
    const byTime = file.proof.admissions.map((one) => one.fan_id);
    expect(byTime.indexOf(fanId)).toBe(place - 1);
    expect(found.find(({ check }) => check === 'your turn')?.detail).toBe(
      `at ${file.proof.admissions[place - 1]?.at}`,
    );
    const other = receipt.split('.');
    other[1] = Buffer.from(JSON.stringify({ sub: 'nobodyatall0', aud: saleId, sc: 3 })).toString(
      'base64url',
    );
    expect(await usher('verify', open, '--receipt', other.join('.'))).toMatchObject({ code: 1 });
  });

  it('is refused when any field of it was changed', async () => {
    const changed = join(folder, 'changed.json');
    const paths = pathsOf(file);
    expect(paths.length).toBeGreaterThan(60);
    for (const path of paths) {
      const copy = structuredClone(file) as unknown as Node;
      alter(copy, path);
      writeFileSync(changed, JSON.stringify(copy));
      expect({ path, code: (await usher('verify', changed)).code }).toEqual({ path, code: 1 });
    }
    const { proof } = file;
    const without = { ...file, proof: { ...proof, admissions: proof.admissions.slice(1) } };
    writeFileSync(changed, JSON.stringify(without));
    expect((await usher('verify', changed)).code).toBe(1);
    expect((await usher('verify', name, '--key', '0123456789abcdef')).code).toBe(1);
  });
});

describe('the proof of a sale into which staff let fans', () => {
  it('tells them apart, so that neither verify nor the audit takes them for too many', async () => {
    const saleId = await bench.addSale({ ratePerMinute: 1, passCap: 10 });
    for (const fanId of await bench.addFans(6)) await gate.join({ saleId, fanId });
    await pump.tick(saleId);
    expect(await gate.admit(saleId, 3)).toBe(3);
    await pump.tick(saleId);
    await until(async () => (await gate.room(saleId)).roster_digest !== null, { what: 'a digest' });
    const name = join(folder, 'staff.json');
    const written = await usher('sale', 'proof', saleId, '--out', name);
    expect(written).toMatchObject({ code: 0, body: { admissions: 4 } });
    const file = JSON.parse(readFileSync(name, 'utf8')) as ProofFile;
    expect(file.proof.admissions.map((one) => one.by_staff)).toEqual([false, true, true, true]);
    const verified = await usher('verify', name);
    expect(verified).toMatchObject({ code: 0, body: { ok: true } });
    const details = (verified.body.findings as { detail: string }[]).map((one) => one.detail);
    expect(details).toContain('1 admissions, 1 in a minute, 3 more by staff beside the rate');
    expect(details).toContain('4 in order, 0 who came back, 0 with priority');
    const { catalogUrl, shardUrls } = stores;
    const over = async () =>
      (await audit({ catalogUrl, shardUrls, saleId })).violations.filter(
        ({ rule }) => rule === 'I16',
      );
    expect(await over()).toEqual([]);
    await stores.catalog.change('UPDATE admission SET by_staff = 0 WHERE sale_id = ?', [saleId]);
    expect(await over()).toHaveLength(1);
  });
});

type Node = { [key: string]: Node | string | number | boolean | null };

/** Every leaf of the file. */
function pathsOf(node: object, prefix: string[] = []): string[][] {
  return Object.entries(node).flatMap(([key, value]) =>
    value !== null && typeof value === 'object'
      ? pathsOf(value as object, [...prefix, key])
      : [[...prefix, key]],
  );
}

function alter(node: Node, [key = '', ...rest]: string[]): void {
  const value = node[key];
  if (rest.length > 0) alter(value as Node, rest);
  else if (typeof value === 'string') node[key] = changeText(value);
  else if (typeof value === 'number') node[key] = value + 1;
  else if (typeof value === 'boolean') node[key] = !value;
  else node[key] = 'something';
}

/** Changes one character in the middle into another of its kind. */
function changeText(text: string): string {
  const at = Math.floor(text.length / 2);
  return `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`;
}
