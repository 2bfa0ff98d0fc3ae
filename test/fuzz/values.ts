import type { Random } from '../../loadtest/crowd/random.js';

/** Text that stands in a body as it is, where JSON.stringify would lose it: `1e999`, `-0`. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** JSON.stringify, but for raw pieces, repeated keys and keys such as `__proto__`. */
export function toJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map((one) => toJson(one ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${toJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

export const deepJson = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const wellMeant = ['', ' ', '0', '-1', '1.5', '007', '1e3', 'true', 'null', 'undefined', 'NaN'];
const injections = [
  "' OR 1=1 --",
  "'; DROP TABLE fans; --",
  '1 UNION SELECT password_hash FROM staff',
  '" OR ""="',
  '\\',
  "\\' OR 1=1#",
  '%',
  '_%',
  '{sale:desk}:line',
  'x}:{sale:rush',
  "return redis.call('FLUSHALL')",
  '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n',
  '$' + '{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '=HYPERLINK("http://x.invalid")',
  '../../../../etc/passwd',
  '..%2f..%2f',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data',
  'a\r\nSet-Cookie: x=1',
  'a\r\nBcc: x@x.invalid',
  '|id',
  '$(id)',
  '`id`',
  '(a+)+$',
  `${'a'.repeat(40)}!`,
];
const strange = [
  '\u0000',
  'a\u0000b',
  '\u001b[31m',
  '\u007f',
  '\ud800',
  'x\udfff',
  '\ufffe\uffff',
  '\ufeffA-1',
  '\u202eA-1',
  'A\u200b-1',
  'Ａ-１',
  'ａ＠ｂ.invalid',
  'İıſK',
  'ﬀß',
  '👩‍👩‍👧‍👦',
  '𝟙',
  '१२',
  '٣',
  'e\u0301'.repeat(40),
  '\u0300'.repeat(200),
  '\u2028\u2029',
  '\t\n\r',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
];
const numberTexts = [
  '9007199254740993',
  '99999999999999999999999999',
  '4294967296',
  '-2147483649',
  '18446744073709551616',
  '1e308',
  '1e999',
  '-0',
  '0x10',
  '1_000',
  '1,5',
  'Infinity',
];
const times = [
  '0000-00-00T00:00:00Z',
  '0001-01-01T00:00:00.000Z',
  '1970-01-01T00:00:00Z',
  '1969-12-31T23:59:59Z',
  '2038-01-19T03:14:08Z',
  '9999-12-31T23:59:59.999Z',
  '10000-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.000Z',
  '-271821-04-20T00:00:00.000Z',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-06-30T23:59:60Z',
  '2026-01-01T00:00:00+23:59',
  '2026-01-01T00:00:00.000000000000001Z',
  '2026-01-01',
  '9999-12-31',
  '0000-01-01',
  '12:00',
  '1e12',
];
const ids = [
  'req_1_1',
  'res_1_1',
  'res_zzzzzzz_zzzzzzzzzzz',
  'bkg_1_99999999999',
  'tkt_1_1_zzz',
  'rfd_0_0_0',
  'res_1_1_1',
  'RES_1_1',
  'res__',
  'A-0',
  'Z-99999',
  'zzzzzzzzzzzz',
  '1-99',
  '0.0',
  '999999999999',
];
const long = [
  'x'.repeat(255),
  'x'.repeat(257),
  'ü'.repeat(1_000),
  '9'.repeat(400),
  '👾'.repeat(99),
];

const hostileTexts = [wellMeant, injections, strange, numberTexts, times, ids, long];

export function hostileText(random: Random): string {
  return random.pick(random.pick(hostileTexts) ?? wellMeant) ?? '';
}

const rawNumbers = [
  ...['0', '-0', '-1', '1.5', '1e-7', '0.1', '2147483648', '-2147483649', '4294967296'],
  ...['9007199254740992', '9007199254740993', '99999999999999999999', '1e21', '1e308', '1e999'],
  ...['-1e999', '65536', '256', '1.0', '1E+2', '4294967297'],
];

/** A value of any kind, for a place that asks for another. */
export function hostileValue(random: Random): unknown {
  const kinds: (() => unknown)[] = [
    () => hostileText(random),
    () => hostileText(random),
    () => new RawJson(random.pick(rawNumbers) ?? '0'),
    () => random.pick([null, true, false]),
    () => random.pick<unknown>([[], {}, [[]], [null], { length: 3 }, { toString: 1 }]),
    () => new RawJson(random.pick(protoObjects) ?? '{}'),
    () => Array.from({ length: random.whole(2, 60) }, () => 'A-1'),
    () => [hostileText(random), 1, null, { a: [] }],
    () => new RawJson(deepJson(random.pick([5, 100, 2_000]) ?? 5)),
    () => new RawJson(deepObject(random.pick([5, 100, 1_000]) ?? 5)),
    () => 'y'.repeat(random.pick([300, 5_000, 20_000]) ?? 300),
  ];
  return random.pick(kinds)?.();
}

const protoObjects = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"__proto__":null}',
  '{"then":1}',
  '{"toJSON":1}',
  '{"$gt":""}',
  '{"a":1,"a":2}',
];

/** Whole bodies that are no object of a schema. */
export function hostileBody(random: Random): string | Buffer {
  const kinds: (() => string | Buffer)[] = [
    () => random.pick(['', ' ', 'null', '[]', '0', '"A-1"', 'true', '[{}]', '{}']) ?? '',
    () => random.pick(['{', '{"a":', '{"a":1,}', "{'a':1}", '{a:1}', 'NaN', '[1e]', '{}{}']) ?? '',
    () => random.pick(['{"a":NaN}', '{"a":Infinity}', '{"a":0x10}', '{"a":01}', '//x\n{}']) ?? '',
    () => random.pick(protoObjects) ?? '{}',
    () => Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    () => Buffer.from('\ufeff{}', 'utf8'),
    () => Buffer.from('{"show_id":"1"}', 'utf16le'),
    () => deepJson(random.pick([100, 3_000, 10_000]) ?? 100),
    () => `{"a":${deepObject(random.pick([100, 3_000]) ?? 100)}}`,
    () => `{"seats":[${Array.from({ length: 10_000 }, () => '"A-1"').join(',')}]}`,
    () => `{${Array.from({ length: 2_000 }, (_, no) => `"k${no}":1`).join(',')}}`,
    () => `{"a":"${'x'.repeat(1_000_000)}"}`,
    () => `{"\\u0000":"\\ud800","\\u005f\\u005fproto\\u005f\\u005f":{"polluted":true}}`,
  ];
  return random.pick(kinds)?.() ?? '';
}
