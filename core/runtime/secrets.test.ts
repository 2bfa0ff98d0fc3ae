import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSecretsFile, listKeys, loadSecrets, rotateKeys } from './secrets.js';
import { readTicketCode, signTicketCode } from './ticket-code.js';
import { openTokens } from './tokens.js';

describe('rotating keys', () => {
  let folder: string;
  let file: string;
  const load = () => loadSecrets({ dataDir: folder, secretsFile: file, production: true });
  const session = { fanId: 'fan000000001', epoch: 1, expiresAtMs: Date.now() + 60_000 };
  const ticket = { showId: 7, ticketId: 'tkt_7_1_1', counter: 1 };
  const sign = () => {
    const [key] = load().ticket;
    if (!key) throw new Error('no key');
    return signTicketCode(key, ticket);
  };
  const verify = (code: string) =>
    readTicketCode(new Map(load().ticket.map((key) => [key.kid, key.publicKey])), code);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'usher-keys-'));
    file = join(folder, 'secrets.json');
    createSecretsFile(file);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('adds a key that only verifies, then signs with it, and still knows the old one', () => {
    const before = listKeys(file);
    const [oldToken, oldCode] = [openTokens(load()).signSession(session), sign()];
    const added = rotateKeys(file, 'add');
    expect(added.session).toHaveLength(2);
    expect(added.session[0]).toBe(before.session[0]);
    expect(sign().split('.')[1]).toBe(before.ticket[0]);
    const used = rotateKeys(file, 'use');
    expect(used.session).toEqual([added.session[1], before.session[0]]);
    expect(sign().split('.')[1]).toBe(added.ticket[1]);
    expect(verify(oldCode)).toMatchObject({ ok: true });
    expect(openTokens(load()).readSession(oldToken)).toMatchObject({ fanId: session.fanId });
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('touches one purpose alone when asked', () => {
    const before = listKeys(file);
    const after = rotateKeys(file, 'add', ['ticket']);
    expect({ ...after, ticket: [] }).toEqual({ ...before, ticket: [] });
    expect(after.ticket).toHaveLength(2);
  });
});
