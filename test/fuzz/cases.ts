import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Random } from '../../loadtest/crowd/random.js';
import type { Operation } from './operations.js';
import { type Known, type Sampler, sample, spoil } from './schema.js';
import { hostileBody, hostileText, hostileValue, toJson } from './values.js';

/** One call, whole: what it is about, and every byte that is sent. */
export type Case = {
  operation: Operation;
  who: string;
  /** What is wrong about it. */
  how: string;
  path: string;
  headers: Record<string, string | string[]>;
  body: Buffer | undefined;
  /** What the call must be answered with, where only one answer is right. */
  expected?: number;
};

/** Who calls, by name, with the headers that prove it. */
export type Callers = Record<string, Record<string, string>>;

export type Making = { random: Random; known: Known; callers: Callers; sampler: Sampler };

/** What a path parameter stands for, by the segment before it. */
const paramNames: Record<string, string> = {
  ...{ shows: 'show_id', sales: 'sale_id', bookings: 'booking_id', fans: 'fan_id' },
  ...{ requests: 'request_id', reservations: 'reservation_id', holds: 'reservation_id' },
  ...{ refunds: 'refund_id', movies: 'movie_id', cinemas: 'cinema_id', lanes: 'lane' },
  ...{ accounts: 'name', issues: 'issue_id', reconcile: 'date', releases: 'release_id' },
};

/** Calls that end the one who makes them, and so are made by somebody who isn't needed. */
const endsItsCaller = /^(post \/api\/v1\/logout|delete \/api\/v1\/account)$/;

/** A call as it should be, made by whoever may make it. */
export function goodCase(operation: Operation, making: Making): Case {
  const { random, callers, sampler } = making;
  const who = endsItsCaller.test(operation.name) ? 'spare' : callerOf(operation, random);
  const query = Object.entries(operation.query).flatMap(([name, { schema, required }]) =>
    required || random.chance(0.6)
      ? [`${name}=${percent(String(sample(schema, name, sampler)))}`]
      : [],
  );
  const body = operation.body && sample(operation.body, '', sampler);
  const goodPath = pathOf(operation, (name) => {
    return percent(String(random.pick(making.known[name] ?? ['1'])));
  });
  return {
    operation,
    who,
    how: 'good',
    path: [goodPath, ...(query.length > 0 ? [query.join('&')] : [])].join('?'),
    headers: {
      ...callers[who],
      'idempotency-key': keyOf(random),
      prefer: 'respond-async',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : Buffer.from(toJson(body)),
  };
}

/** The good call with something wrong about it. */
export function hostileCase(operation: Operation, making: Making): Case {
  const { random } = making;
  const base = goodCase(operation, making);
  const ways: ((base: Case, making: Making) => Case)[] = [
    ...(operation.body ? [fields, fields, fields, fields, wholeBody, packed] : [wholeBody]),
    ...(operation.path.includes('{') ? [params, params] : []),
    ...(Object.keys(operation.query).length > 0 ? [queries, queries, queries] : [queries]),
    headers,
  ];
  return (random.pick(ways) ?? headers)(base, making);
}

/** The same good call by some who may not make it, and the one answer that each must get. */
export function foreignCases(operation: Operation, making: Making, count: number): Case[] {
  if (operation.identity === 'none') return [];
  return Object.keys(making.callers)
    .filter((who) => !mayCall(operation, who))
    .map((who) => ({ who, order: making.random.next() }))
    .sort((one, other) => one.order - other.order)
    .slice(0, count)
    .map(({ who }) => ({
      ...goodCase(operation, making),
      ...{ who, how: 'not allowed' },
      headers: { ...making.callers[who], 'content-type': 'application/json' },
      expected: /^(nobody|forger|passholder)$/.test(who) ? 401 : 403,
    }));
}

function mayCall({ identity, roles }: Operation, who: string): boolean {
  if (identity === 'none') return true;
  return identity === 'staff' ? roles.includes(who) : /^(fan|other|spare)$/.test(who);
}

function callerOf(operation: Operation, random: Random): string {
  if (operation.identity === 'none') return random.pick(['nobody', 'fan', 'admin']) ?? 'nobody';
  if (operation.identity === 'fan') return random.chance(0.8) ? 'fan' : 'other';
  return random.pick(operation.roles) ?? 'admin';
}

function pathOf(operation: Operation, of: (name: string) => string): string {
  return operation.path.replace(/([a-z]+)\/\{([a-z_]+)\}/g, (_all, before: string, own: string) => {
    return `${before}/${of(paramNames[before] ?? own)}`;
  });
}

const strangeSegments = [
  '%',
  '%zz',
  '%00',
  '%ff',
  '%c0%ae',
  '%2e%2e',
  '..%2f',
  '%2f',
  ';',
  '%0d%0a',
];

function params(base: Case, { random }: Making): Case {
  const value = random.chance(0.3)
    ? (random.pick(strangeSegments) ?? '%')
    : percent(hostileText(random)) || '%20';
  return { ...base, how: 'path', path: pathOf(base.operation, () => value.slice(0, 6_000)) };
}

function queries(base: Case, { random }: Making): Case {
  const names = [...Object.keys(base.operation.query), 'fuzz', '__proto__', 'api_key'];
  const pairs = Array.from({ length: random.whole(1, 3) }, () => {
    const name = random.pick(names) ?? 'fuzz';
    const key = random.pick([name, name, name, `${name}[]`, `${name}[a]`, `${name}[__proto__]`]);
    const value = random.chance(0.1) ? '%ff%zz' : percent(hostileText(random));
    return `${key}=${value}`;
  });
  const twice = random.chance(0.2) ? [...pairs, ...pairs] : pairs;
  return {
    ...base,
    how: 'query',
    path: `${base.path.split('?')[0]}?${twice.join('&').slice(0, 6_000)}`,
  };
}

function fields(base: Case, { random }: Making): Case {
  const value: unknown = JSON.parse(base.body?.toString() ?? '{}');
  const { value: spoiled, how } = spoil(value, random);
  let text = toJson(spoiled);
  if (random.chance(0.05)) text = text.replace(/^\{("[^"]+":)/, '{$1null,$1');
  return { ...base, how, body: Buffer.from(text) };
}

function wholeBody(base: Case, { random }: Making): Case {
  const type = random.chance(0.7)
    ? 'application/json'
    : (random.pick([
        ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'],
        ...['application/json; charset=utf-7', 'application/json; charset=utf-16', 'json', ''],
        ...['application/JSON;charset="utf-8"', 'application/vnd.api+json', `a/${'b'.repeat(500)}`],
      ]) ?? '');
  return {
    ...base,
    how: 'body',
    headers: { ...base.headers, 'content-type': type },
    body: Buffer.from(hostileBody(random)),
  };
}

/** Bodies that are packed, little when sent and much when opened, or not what they say. */
function packed(base: Case, { random }: Making): Case {
  const bomb = Buffer.from(`{"a":"${' '.repeat(20_000_000)}"}`);
  const plain = base.body ?? Buffer.from('{}');
  const [encoding, body] = random.pick<() => [string, Buffer]>([
    () => ['gzip', gzipSync(bomb, { level: 1 })],
    () => ['gzip', gzipSync(plain)],
    () => ['gzip', plain],
    () => ['gzip', gzipSync(plain).subarray(0, 12)],
    () => ['deflate', deflateSync(plain)],
    () => ['br', brotliCompressSync(plain)],
    () => ['compress', plain],
    () => ['gzip, gzip', gzipSync(gzipSync(plain))],
    () => ['identity', plain],
  ])?.() ?? ['gzip', plain];
  return {
    ...base,
    how: `packed: ${encoding}`,
    headers: { ...base.headers, 'content-encoding': encoding },
    body,
  };
}

function headers(base: Case, { random }: Making): Case {
  const value = headerText(random);
  const name =
    random.pick([
      ...['idempotency-key', 'prefer', 'if-none-match', 'if-match', 'authorization', 'accept'],
      ...['usher-pass', 'usher-receipt', 'usher-presence', 'x-forwarded-for', 'host', 'cookie'],
      ...['accept-language', 'range', 'origin', 'x-http-method-override', 'accept-encoding'],
      ...['content-type', 'stripe-signature', 'forwarded', 'if-modified-since', 'te'],
    ]) ?? 'prefer';
  const many = random.chance(0.1) && name !== 'host' && name !== 'content-type';
  return {
    ...base,
    how: `header ${name}`,
    headers: { ...base.headers, [name]: many ? [value, value] : value },
  };
}

function headerText(random: Random): string {
  const text = random.pick([
    () => hostileText(random),
    () => `Bearer ${hostileText(random)}`,
    () =>
      `Bearer ${Array(3)
        .fill(Buffer.from(toJson(hostileValue(random))).toString('base64url'))
        .join('.')}`,
    () => `Bearer ${'a.'.repeat(2_000)}`,
    () => '"7"',
    () => `W/"${'9'.repeat(300)}"`,
    () => 'k'.repeat(random.pick([64, 65, 255, 256, 7_000]) ?? 64),
    () => 'application/octet-stream, */*;q=0.1',
    () => `bytes=${'0-1,'.repeat(300)}`,
    () => '\u00ff\u00fe',
  ])?.();
  // What no client could send on this line is left out.
  return (text ?? '').replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 8_000);
}

/** Percent-encodes any text, lone surrogates included, which encodeURIComponent refuses. */
export function percent(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9_.~-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

function keyOf(random: Random): string {
  return random.chance(0.9) ? `key-${random.next()}` : `key-${random.whole(1, 3)}`;
}

/** The case as one line for a shell. */
export function curlOf(base: string, { operation, path, headers, body }: Case): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => `-H ${quote(`${name}: ${one}`)}`),
  );
  const text = body?.toString() ?? '';
  const isText = body !== undefined && Buffer.from(text).equals(body) && !text.includes('\u0000');
  const data = isText
    ? `--data-raw ${quote(text.length > 1_500 ? `${text.slice(0, 1_500)}…${body.length} bytes` : text)}`
    : body && '--data-binary @-';
  const feed = body && !isText ? `base64 -d <<< ${body.toString('base64').slice(0, 4_000)} | ` : '';
  const parts = ['curl -gi --path-as-is', `-X ${operation.method.toUpperCase()}`, ...lines, data];
  return `${feed}${parts.filter(Boolean).join(' ')} ${quote(base + path)}`;
}
