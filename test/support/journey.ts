import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { until } from './until.js';
import type { World } from './world.js';

export type Told = {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
};

export type ReserveWish = { seats: string[] } | { quantity: number };

export type CallOptions = { body?: unknown; headers?: Record<string, string> };

/** One fan at a browser: what the page does, without the page. */
export type Fan = {
  fanId: string;
  token: string;
  /** One call. @throws TypeError when no answer came. */
  call(method: string, path: string, options?: CallOptions): Promise<Told>;
  /** Joins a sale and waits until the pass is there. */
  pass(saleId: string): Promise<string>;
  /**
   * Reserves under one key, repeating for as long as nothing says that it was decided: no answer,
   * 503, or 202 with a decision still to come.
   */
  reserve(showId: number, wish: ReserveWish, more: { pass: string; key?: string }): Promise<Told>;
  /** Pays, repeating under one key while no answer comes or payments are away. */
  confirm(reservationId: string, paymentToken?: string, key?: string): Promise<Told>;
  /** Gives a reservation back, repeating while no answer comes. */
  release(reservationId: string): Promise<Told>;
};

const patienceMs = 45_000;
const idChars = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A fan who signs up over HTTP, as everybody does. */
export async function signUp(world: World): Promise<Fan> {
  const response = await fetch(`${world.url}/api/v1/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      email: `${randomUUID()}@example.org`,
      password: randomBytes(12).toString('hex'),
    }),
  });
  const body = (await response.json()) as { fan_id: string; token: string };
  if (response.status !== 201) throw new Error(`sign-up: ${JSON.stringify(body)}`);
  return fanOf(world, body.fan_id, body.token);
}

/** Many fans at once: their accounts are written straight into the catalog, without passwords. */
export async function addFans(world: World, count: number): Promise<Fan[]> {
  const ids = Array.from({ length: count }, () =>
    Array.from({ length: 12 }, () => idChars[randomInt(idChars.length)]).join(''),
  );
  await world.stores.catalog.change('INSERT INTO fans (fan_id, state) VALUES ?', [
    ids.map((fanId) => [fanId, 'ACTIVE']),
  ]);
  const expiresAtMs = Date.now() + 3_600_000;
  return ids.map((fanId) =>
    fanOf(world, fanId, world.tokens.signSession({ fanId, epoch: 1, expiresAtMs })),
  );
}

function fanOf(world: World, fanId: string, token: string): Fan {
  const call: Fan['call'] = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(`${world.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      headers: response.headers,
    };
  };
  const patiently = (what: string, ask: () => Promise<Told>, again: (told: Told) => boolean) =>
    until(
      async () => {
        const told = await ask();
        if (again(told)) throw new Error(`${told.status} ${JSON.stringify(told.body)}`);
        return told;
      },
      { ms: patienceMs, every: 50, what },
    );
  return {
    fanId,
    token,
    call,
    pass: async (saleId) => {
      const path = `/sales/${saleId}`;
      const joined = await patiently(
        `a place in ${saleId}`,
        () => call('POST', `${path}/join`, { body: {} }),
        (told) => told.status === 503,
      );
      if (joined.status >= 300) throw new Error(`join: ${JSON.stringify(joined.body)}`);
      if (joined.body.pass) return String(joined.body.pass);
      const admitted = await patiently(
        `the pass of ${saleId}`,
        () => call('GET', `${path}/place`),
        (told) => told.body.pass === undefined,
      );
      return String(admitted.body.pass);
    },
    reserve: async (showId, wish, { pass, key = randomUUID() }) => {
      const options = {
        body: { show_id: String(showId), ...wish },
        headers: { 'usher-pass': pass, 'idempotency-key': key },
      };
      return patiently(
        'the decision of a request',
        () => call('POST', '/reserve', options),
        (told) => told.status === 503 || told.status === 202,
      );
    },
    confirm: (reservationId, paymentToken = 'pm_card_visa', key = randomUUID()) =>
      patiently(
        'the end of a payment',
        () =>
          call('POST', '/confirm', {
            body: { reservation_id: reservationId, payment_token: paymentToken },
            headers: { 'idempotency-key': key },
          }),
        (told) => told.status === 503 || told.body.status === 'processing',
      ),
    release: (reservationId) =>
      patiently(
        'the end of a reservation',
        () => call('DELETE', `/reservations/${reservationId}`),
        (told) => told.status >= 500,
      ),
  };
}
