import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addStaff } from '../../core/store/catalog/staff.js';
import { serveRoutes, type TestApi } from '../../test/support/routes.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { until } from '../../test/support/until.js';
import { accountRoutes } from './account.js';
import { staffAccountRoutes } from './staff-accounts.js';

const person = {
  email: 'Canary.Bird@Example.org',
  password: 'correct horse battery',
  name: 'Canary Bird',
  phone: '+91 98200 12345',
};

describe('accounts', () => {
  let stores: TestStores;
  let api: TestApi;
  const post = (path: string, body: unknown, token?: string) =>
    api.call(path, { method: 'POST', body, ...(token === undefined ? {} : { token }) });

  beforeAll(async () => {
    stores = await openTestStores(1);
    api = await serveRoutes(stores, (deps) => [
      ...accountRoutes(deps),
      ...staffAccountRoutes(deps),
    ]);
  });
  afterAll(async () => {
    await api.close();
    await stores.close();
  });

  it('keeps nothing of a person in clear text', async () => {
    const signedUp = await post('/api/v1/signup', person);
    expect(signedUp.status).toBe(201);
    expect(signedUp.body).toMatchObject({ fan_id: expect.stringMatching(/^[0-9a-z]{12}$/) });
    const [row] = await stores.catalog.rows<Record<string, Buffer | string | null>>(
      'SELECT * FROM fans WHERE fan_id = ?',
      [String(signedUp.body.fan_id)],
    );
    const raw = Object.values(row ?? {})
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
      .join('\n')
      .toLowerCase();
    for (const canary of ['canary', 'bird', 'example.org', '98200', '12345', 'horse']) {
      expect(raw).not.toContain(canary);
    }
    const own = await api.call('/api/v1/account', { token: String(signedUp.body.token) });
    expect(own.body).toMatchObject({
      email: person.email,
      name: person.name,
      phone: person.phone,
    });
  });

  it('knows a mail address in any case, and says so at a second sign-up', async () => {
    const again = await post('/api/v1/signup', {
      ...person,
      email: 'canary.bird@example.ORG',
    });
    expect([again.status, again.body.error]).toEqual([409, 'already_exists']);
    const login = await post('/api/v1/login', {
      email: 'CANARY.bird@example.org',
      password: person.password,
    });
    expect(login.status).toBe(200);
  });

  it('says the same of an unknown address and a wrong password', async () => {
    const wrong = await post('/api/v1/login', { email: person.email, password: 'not this one' });
    const unknown = await post('/api/v1/login', { email: 'no@one.org', password: 'not this one' });
    expect([wrong.status, wrong.body]).toEqual([401, unknown.body]);
    expect(unknown.body.error).toBe('login_failed');
  });

  it('refuses short passwords, broken addresses and unknown fields without an effect', async () => {
    const short = await post('/api/v1/signup', { email: 'a@b.org', password: 'short' });
    const broken = await post('/api/v1/signup', { email: 'nobody', password: person.password });
    const field = await post('/api/v1/signup', {
      email: 'a@b.org',
      password: person.password,
      role: 'admin',
    });
    expect([short.body.error, broken.body.error, field.body.error]).toEqual([
      'malformed',
      'malformed',
      'unknown_field',
    ]);
    const [count] = await stores.catalog.rows<{ n: number }>('SELECT COUNT(*) AS n FROM fans');
    expect(count?.n).toBe(1);
  });

  it('ends every session at log-out', async () => {
    const login = await post('/api/v1/login', { email: person.email, password: person.password });
    const claims = api.deps.tokens.readSession(String(login.body.token));
    expect(() => api.deps.fans.check(claims)).not.toThrow();
    const out = await post('/api/v1/logout', {}, String(login.body.token));
    expect(out.status).toBe(204);
    expect(() => api.deps.fans.check(claims)).toThrow('This session was ended');
    const refused = await api.call('/api/v1/account', { token: String(login.body.token) });
    expect([refused.status, refused.body.error]).toEqual([401, 'token_invalid']);
    const next = await post('/api/v1/login', { email: person.email, password: person.password });
    const fresh = api.deps.tokens.readSession(String(next.body.token));
    expect(() => api.deps.fans.check(fresh)).not.toThrow();
  });

  it('hears of bans that another process made', async () => {
    const other = await post('/api/v1/signup', { ...person, email: 'other@example.org' });
    const claims = api.deps.tokens.readSession(String(other.body.token));
    await stores.catalog.change(
      "UPDATE fans SET state = 'BANNED', guarded_at = NOW(3) WHERE fan_id = ?",
      [claims.fanId],
    );
    const banned = await until(
      () => {
        try {
          api.deps.fans.check(claims);
          return false;
        } catch (error) {
          return (error as { code: string }).code;
        }
      },
      { what: 'the guard to hear of the ban' },
    );
    expect(banned).toBe('banned');
    const login = await post('/api/v1/login', {
      email: 'other@example.org',
      password: person.password,
    });
    expect([login.status, login.body.error]).toEqual([403, 'banned']);
  });

  it('erases a person and leaves the address free', async () => {
    const made = await post('/api/v1/signup', { ...person, email: 'gone@example.org' });
    const token = String(made.body.token);
    const erased = await api.call('/api/v1/account', { method: 'DELETE', token });
    expect(erased.status).toBe(204);
    const [row] = await stores.catalog.rows('SELECT * FROM fans WHERE fan_id = ?', [
      String(made.body.fan_id),
    ]);
    expect(row).toMatchObject({
      state: 'ERASED',
      data_key: null,
      email: null,
      email_index: null,
      name: null,
      phone: null,
      phone_index: null,
      password_hash: null,
    });
    expect((await post('/api/v1/signup', { ...person, email: 'gone@example.org' })).status).toBe(
      201,
    );
  });

  it('lets only administrators change who is among the staff', async () => {
    await addStaff(stores.catalog, {
      name: 'ada',
      role: 'admin',
      password: 'a long password',
      actor: 'tester',
    });
    const login = await post('/api/v1/staff/login', { name: 'ada', password: 'a long password' });
    expect(login.body).toMatchObject({ name: 'ada', role: 'admin' });
    const token = String(login.body.token);
    const box = { name: 'bob', role: 'box_office', password: 'another password' };
    expect((await post('/api/v1/staff/accounts', box, token)).status).toBe(201);
    expect((await post('/api/v1/staff/accounts', box, token)).body.error).toBe('already_exists');
    const bob = await post('/api/v1/staff/login', { name: 'bob', password: box.password });
    const bobs = String(bob.body.token);
    expect((await api.call('/api/v1/staff/accounts', { token: bobs })).status).toBe(403);
    const claims = api.deps.tokens.readSession(bobs);
    const removed = await api.call('/api/v1/staff/accounts/bob', { method: 'DELETE', token });
    expect(removed.status).toBe(204);
    expect(() => api.deps.fans.check(claims)).toThrow('This session was ended');
    const again = await post('/api/v1/staff/login', { name: 'bob', password: box.password });
    expect(again.body.error).toBe('login_failed');
  });
});
