import type { Random } from '../../loadtest/crowd/random.js';
import { hostileValue, RawJson } from './values.js';

/** What the OpenAPI document says of one value: JSON Schema, as far as the document uses it. */
export type Schema = {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  minItems?: number;
  minLength?: number;
  pattern?: string;
  format?: string;
  default?: unknown;
};

/** What is true in the world that is fuzzed, by the name of a field: `show_id`, `seats` … */
export type Known = Record<string, unknown[]>;

export type Sampler = { random: Random; known: Known; resolve: (schema: Schema) => Schema };

const likely = [
  ...['a', '1', 'A-1', 'aaa', 'EUR', 'all', '2026-01-01', '12:00', '+491701234567', 'ABCD-1234'],
  ...['key-1', 'a'.repeat(12), '0'.repeat(16), 'a'.repeat(43), '1-0', 'https://push.invalid/x'],
];
const formats: Record<string, string> = {
  'date-time': '2031-01-01T20:00:00.000Z',
  date: '2026-01-01',
  email: 'fuzz@example.org',
  uri: 'https://fuzz.invalid/x',
};

/** A value that should pass: known facts where there are any, otherwise the least that fits. */
export function sample(given: Schema, name: string, sampler: Sampler): unknown {
  const { random, known } = sampler;
  const schema = sampler.resolve(given);
  const facts = (known[name] ?? []).filter((fact) => fits(schema, fact));
  if (facts.length > 0 && random.chance(0.9)) return random.pick(facts);
  const choice = random.pick(schema.anyOf ?? schema.oneOf ?? []);
  if (choice) return sample(choice, name, sampler);
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => sample(part, name, sampler)));
  }
  if ('const' in schema) return schema.const;
  if (schema.enum) return random.pick(schema.enum);
  const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type;
  if (type === 'object') return sampleObject(schema, sampler);
  if (type === 'array') {
    const parts = schema.prefixItems;
    if (parts) return parts.map((part) => sample(part, name, sampler));
    const count = (schema.minItems ?? 0) + random.whole(0, 2);
    const one = name.replace(/s$/, '');
    return Array.from({ length: count }, () => sample(schema.items ?? {}, one, sampler));
  }
  if (type === 'integer' || type === 'number') {
    const least = schema.minimum ?? (schema.exclusiveMinimum ?? -1) + 1;
    return Math.min(least + random.whole(0, 3), schema.maximum ?? Number.MAX_SAFE_INTEGER);
  }
  if (type === 'boolean') return random.chance(0.5);
  if (type === 'null') return null;
  return sampleText(schema, random);
}

/** Whether a fact is of the kind that the schema wants; a name may mean two things in two calls. */
function fits(schema: Schema, fact: unknown): boolean {
  const kind = Array.isArray(fact) ? 'array' : typeof fact;
  return [schema.type]
    .flat()
    .some((type) => type === kind || (type === 'integer' && kind === 'number'));
}

function sampleObject(schema: Schema, sampler: Sampler): Record<string, unknown> {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {})
    .filter(([name]) => required.has(name) || sampler.random.chance(0.5))
    .map(([name, member]) => [name, sample(member, name, sampler)] as const);
  const other = schema.additionalProperties;
  const more = other && typeof other === 'object' ? [['all', sample(other, 'price', sampler)]] : [];
  return Object.fromEntries([...members, ...more]);
}

function sampleText(schema: Schema, random: Random): string {
  const least = schema.minLength ?? 0;
  const format = schema.format === undefined ? undefined : formats[schema.format];
  if (format !== undefined) return format;
  if (schema.pattern === undefined) return 'fuzz'.padEnd(least, 'z');
  const pattern = new RegExp(schema.pattern, 'u');
  return random.pick(likely.filter((text) => pattern.test(text) && text.length >= least)) ?? 'fuzz';
}

/** The value with one thing wrong about it, and what that is. */
export function spoil(value: unknown, random: Random): { value: unknown; how: string } {
  if (value !== null && typeof value === 'object' && !(value instanceof RawJson)) {
    const keys = Object.keys(value);
    const key = random.pick(keys);
    const how = random.whole(0, 9);
    if (Array.isArray(value)) return spoilList(value, how, random);
    const object = value as Record<string, unknown>;
    if (how === 0) return { value: { ...object, fuzz: hostileValue(random) }, how: 'a field more' };
    if (how === 1) return { value: withProto(object, random), how: 'a prototype' };
    if (key === undefined) return { value: hostileValue(random), how: 'something else' };
    if (how === 2) return { value: { ...object, [key]: undefined }, how: `no ${key}` };
    if (how <= 6 && typeof object[key] !== 'object') {
      return { value: { ...object, [key]: hostileValue(random) }, how: `another ${key}` };
    }
    const inner = spoil(object[key], random);
    return { value: { ...object, [key]: inner.value }, how: `${key}: ${inner.how}` };
  }
  return { value: hostileValue(random), how: 'another value' };
}

function spoilList(list: unknown[], how: number, random: Random): { value: unknown; how: string } {
  if (how === 0) return { value: [...list, ...list], how: 'everything twice' };
  if (how === 1) return { value: Array(10_000).fill(list[0] ?? 1), how: 'ten thousand' };
  if (how === 2) return { value: [], how: 'nothing' };
  if (how === 3) return { value: { ...list }, how: 'an object for a list' };
  if (how === 4) return { value: list[0], how: 'one for a list' };
  const at = random.whole(0, Math.max(0, list.length - 1));
  const inner = spoil(list[at], random);
  const changed = [...list];
  changed[at] = inner.value;
  return { value: changed, how: `[${at}]: ${inner.how}` };
}

/** Own keys named like those of every object, which a careless merge would follow. */
function withProto(object: Record<string, unknown>, random: Random): unknown {
  const spoiled = Object.create(null) as Record<string, unknown>;
  const key = random.pick(['__proto__', 'constructor', 'prototype', 'toString']) ?? '__proto__';
  Object.defineProperty(spoiled, key, {
    value: { polluted: true, role: 'admin' },
    enumerable: true,
  });
  for (const [name, value] of Object.entries(object)) {
    Object.defineProperty(spoiled, name, { value, enumerable: true, writable: true });
  }
  return spoiled;
}
