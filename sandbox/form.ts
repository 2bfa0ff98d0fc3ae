import { badParam } from './errors.js';

/** A decoded body or query: text leaves, nested by `a[b]`, with `a[]` and `a[0]` as lists. */
export type FormValue = string | FormValue[] | Form;
export type Form = { [key: string]: FormValue };

const fieldsMax = 500;
const depthMax = 5;

/**
 * Decodes `application/x-www-form-urlencoded` with Stripe's bracket notation. Throws an
 * `ApiRefusal` when there are too many fields, they nest too deep or one name has two shapes.
 */
export function parseForm(text: string): Form {
  const root: Form = emptyForm();
  let fields = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    fields += 1;
    if (fields > fieldsMax) throw badParam(name, `More than ${fieldsMax} parameters.`);
    const path = splitName(name);
    if (path.length > depthMax) throw badParam(name, 'Parameters nest too deep.');
    put(root, path, value, name);
  }
  return root;
}

// Without a prototype, a parameter called __proto__ is data like any other.
function emptyForm(): Form {
  return Object.create(null) as Form;
}

function splitName(name: string): string[] {
  const open = name.indexOf('[');
  if (open <= 0 || !name.endsWith(']')) return [name];
  return [name.slice(0, open), ...name.slice(open + 1, -1).split('][')];
}

function put(target: Form, path: string[], value: string, name: string): void {
  const [key = '', next, ...rest] = path;
  if (next === undefined) {
    target[key] = value;
    return;
  }
  if (next === '' || /^\d+$/.test(next)) {
    const list = target[key] ?? [];
    if (!Array.isArray(list)) throw badParam(name, `Invalid shape of ${key}.`);
    target[key] = list;
    if (rest.length === 0) list.push(value);
    else {
      const item = emptyForm();
      put(item, rest, value, name);
      list.push(item);
    }
    return;
  }
  const child = target[key] ?? emptyForm();
  if (typeof child === 'string' || Array.isArray(child)) {
    throw badParam(name, `Invalid shape of ${key}.`);
  }
  target[key] = child;
  put(child, [next, ...rest], value, name);
}

/** Refuses parameters that the call doesn't know, as Stripe does. */
export function allowOnly(form: Form, known: readonly string[]): void {
  for (const key of Object.keys(form)) {
    if (!known.includes(key)) {
      throw badParam(key, `Received unknown parameter: ${key}`, 'parameter_unknown');
    }
  }
}

export function textOf(form: Form, key: string): string | undefined {
  const value = form[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw badParam(key, `Invalid string: ${key}`);
  return value === '' ? undefined : value;
}

export function requiredText(form: Form, key: string): string {
  const value = textOf(form, key);
  if (value === undefined) {
    throw badParam(key, `Missing required param: ${key}.`, 'parameter_missing');
  }
  return value;
}

/** A positive whole number of minor units. */
export function amountOf(form: Form, key: string): number | undefined {
  const text = textOf(form, key);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,12}$/.test(text)) {
    throw badParam(key, `Invalid integer: ${text}`, 'parameter_invalid_integer');
  }
  const value = Number(text);
  if (value < 1) {
    throw badParam(
      key,
      'This value must be greater than or equal to 1.',
      'parameter_invalid_integer',
    );
  }
  if (value > 99_999_999) {
    throw badParam(key, 'Amount must be no more than 99999999.', 'amount_too_large');
  }
  return value;
}

export function flagOf(form: Form, key: string): boolean {
  const text = textOf(form, key);
  if (text !== undefined && text !== 'true' && text !== 'false') {
    throw badParam(key, `Invalid boolean: ${text}`);
  }
  return text === 'true';
}

/** One of a fixed set of words. */
export function wordOf<T extends string>(
  form: Form,
  key: string,
  words: readonly T[],
): T | undefined {
  const text = textOf(form, key);
  if (text === undefined) return undefined;
  const word = words.find((one) => one === text);
  if (word === undefined) throw badParam(key, `Invalid ${key}: must be one of ${words.join(', ')}`);
  return word;
}

/** Metadata: at most 50 keys of 40 characters with values of 500, by Stripe's limits. */
export function metadataOf(form: Form): Record<string, string> {
  const value = form.metadata;
  if (value === undefined || value === '') return {};
  if (typeof value === 'string' || Array.isArray(value)) {
    throw badParam('metadata', 'Invalid hash: metadata');
  }
  const entries = Object.entries(value);
  if (entries.length > 50) throw badParam('metadata', 'Metadata can have up to 50 keys.');
  const metadata: Record<string, string> = {};
  for (const [key, text] of entries) {
    if (typeof text !== 'string' || key.length > 40 || text.length > 500) {
      throw badParam(
        `metadata[${key}]`,
        'Metadata keys have up to 40 and values up to 500 characters.',
      );
    }
    metadata[key] = text;
  }
  return metadata;
}
