import { compileFunction } from 'node:vm';
import { type LuaValue, library } from './library.js';
import { declare, expect, look, nameOf, next, type Parser, take, unexpected } from './parser.js';
import { type Token, tokensOf } from './tokens.js';

/**
 * Translates the Lua in which the waiting room's scripts are written into JavaScript, so that a
 * simulation runs the very rules that Redis runs. Every Lua call gives a list of values.
 */
export type Chunk = (keys: LuaValue, argv: LuaValue, call: LuaValue) => LuaValue[] | undefined;

/** @throws Error with the line of what isn't understood. */
export function compileLua(source: string): Chunk {
  const parser: Parser = { tokens: tokensOf(source), at: 0, scopes: [], names: 0 };
  const body = block(parser);
  if (look(parser).kind !== 'end') throw unexpected(parser);
  const code = `let t;\n${body}`;
  const run = compileFunction(code, ['L', 'KEYS', 'ARGV', 'redis']) as (
    ...given: unknown[]
  ) => LuaValue[] | undefined;
  return (keys, argv, redis) => run(library, keys, argv, redis);
}

const blockEnds = new Set(['end', 'else', 'elseif', 'end of text']);

function block(parser: Parser, declared: [string, string][] = []): string {
  parser.scopes.push(new Map(declared));
  const lines: string[] = [];
  while (!blockEnds.has(look(parser).text)) lines.push(statement(parser));
  parser.scopes.pop();
  return lines.join('\n');
}

function statement(parser: Parser): string {
  if (take(parser, 'local')) return local(parser);
  if (take(parser, 'if')) return branches(parser);
  if (take(parser, 'for')) return loop(parser);
  if (take(parser, 'while')) {
    const condition = expression(parser);
    expect(parser, 'do');
    return `while (L.truthy(${condition})) {${blockToEnd(parser)}}`;
  }
  if (take(parser, 'break')) return 'break;';
  if (take(parser, 'return')) {
    const isEmpty = blockEnds.has(look(parser).text);
    return `return ${isEmpty ? '[]' : listOf(expressions(parser))};`;
  }
  return callOrAssign(parser);
}

function blockToEnd(parser: Parser, declared: [string, string][] = []): string {
  const body = block(parser, declared);
  expect(parser, 'end');
  return body;
}

function local(parser: Parser): string {
  if (take(parser, 'function')) {
    const name = declare(parser, nameOf(parser));
    return `const ${name} = ${functionBody(parser)};`;
  }
  const names = [nameOf(parser)];
  while (take(parser, ',')) names.push(nameOf(parser));
  // The values don't see the new names yet.
  const values = take(parser, '=') ? expressions(parser) : [];
  if (names.length === 1 && values.length <= 1) {
    return `let ${declare(parser, names[0] ?? '')} = ${values[0]?.single ?? 'undefined'};`;
  }
  return `let [${names.map((name) => declare(parser, name)).join(', ')}] = ${listOf(values)};`;
}

function branches(parser: Parser): string {
  const condition = expression(parser);
  expect(parser, 'then');
  const then = `if (L.truthy(${condition})) {${block(parser)}}`;
  if (take(parser, 'elseif')) return `${then} else ${branches(parser)}`;
  if (take(parser, 'else')) return `${then} else {${blockToEnd(parser)}}`;
  expect(parser, 'end');
  return then;
}

function loop(parser: Parser): string {
  const first = nameOf(parser);
  const one = `${first}$${++parser.names}`;
  if (take(parser, '=')) {
    const [from, to, step] = expressions(parser).map((value) => value.single);
    expect(parser, 'do');
    const body = blockToEnd(parser, [[first, one]]);
    const bounds = `${one} = ${from}, to = ${to}, by = ${step ?? 1}`;
    return `for (let ${bounds}; by > 0 ? ${one} <= to : ${one} >= to; ${one} += by) {${body}}`;
  }
  expect(parser, ',');
  const second = nameOf(parser);
  const two = `${second}$${++parser.names}`;
  expect(parser, 'in');
  expect(parser, 'ipairs');
  const list = expression(parser);
  expect(parser, 'do');
  const body = blockToEnd(parser, [
    [first, one],
    [second, two],
  ]);
  return `for (let [${one}, ${two}] of L.ipairs(${list})) {${body}}`;
}

function callOrAssign(parser: Parser): string {
  const targets = [suffixed(parser)];
  while (take(parser, ',')) targets.push(suffixed(parser));
  const [target] = targets;
  if (look(parser).text !== '=') {
    if (targets.length > 1 || !target?.multi) throw unexpected(parser);
    return `${target.multi};`;
  }
  expect(parser, '=');
  const values = expressions(parser);
  if (targets.length === 1) return `${assign(parser, target, values[0]?.single ?? '')};`;
  // Lua works out every place and every value before it sets the first.
  const keys = targets.map((one) => (one.place?.table ? one.place.key : 'null'));
  const sets = targets.map((one, at) => {
    const table = one.place?.table;
    const place = table ? { table, key: `keys[${at}]` } : one.place;
    return assign(parser, place && { single: '', place }, `values[${at}]`);
  });
  return `{ const keys = [${keys}], values = ${listOf(values)}; ${sets.join('; ')}; }`;
}

function assign(parser: Parser, target: Value | undefined, value: string): string {
  if (!target?.place) throw unexpected(parser);
  const { table, key } = target.place;
  return table === null ? `${key} = ${value}` : `L.set(${table}, ${key}, ${value})`;
}

/** JavaScript for one value; `multi` for all values of a call; `place` for what can be assigned. */
type Value = {
  single: string;
  multi?: string;
  place?: { table: string | null; key: string };
};

function expressions(parser: Parser): Value[] {
  const values = [binary(parser, 0)];
  while (take(parser, ',')) values.push(binary(parser, 0));
  return values;
}

/** All values as a JavaScript list; a call at the end gives all of its own. */
function listOf(values: Value[]): string {
  const parts = values.map(({ single, multi }, at) =>
    multi && at === values.length - 1 ? `...${multi}` : single,
  );
  return `[${parts.join(', ')}]`;
}

const expression = (parser: Parser): string => binary(parser, 0).single;

/** How tightly operators bind, left and right; those that bind to the right have less on the right. */
const bindings: Record<string, [number, number]> = {
  or: [1, 1],
  and: [2, 2],
  ...Object.fromEntries(['<', '>', '<=', '>=', '~=', '=='].map((sign) => [sign, [3, 3]])),
  '..': [5, 4],
  ...Object.fromEntries(['+', '-'].map((sign) => [sign, [6, 6]])),
  ...Object.fromEntries(['*', '/', '%'].map((sign) => [sign, [7, 7]])),
  '^': [10, 9],
};
const unaryBinding = 8;

function binary(parser: Parser, least: number): Value {
  let left = unary(parser);
  for (;;) {
    const { text, kind } = look(parser);
    const binding = kind === 'text' ? undefined : bindings[text];
    if (!binding || binding[0] <= least) return left;
    next(parser);
    left = { single: combine(text, left.single, binary(parser, binding[1]).single) };
  }
}

function combine(sign: string, left: string, right: string): string {
  // One shared `t` is enough: it is read right after it was set, or not at all.
  if (sign === 'and') return `(L.truthy(t = ${left}) ? ${right} : t)`;
  if (sign === 'or') return `(L.truthy(t = ${left}) ? t : ${right})`;
  if (sign === '==') return `(${left} === ${right})`;
  if (sign === '~=') return `(${left} !== ${right})`;
  if (sign === '..') return `(L.text(${left}) + L.text(${right}))`;
  if ('<>'.includes(sign.charAt(0)))
    return `L.comparable(${left}, ${right}, (a, b) => a ${sign} b)`;
  return `(L.number(${left}) ${sign === '^' ? '**' : sign} L.number(${right}))`;
}

function unary(parser: Parser): Value {
  if (take(parser, 'not')) return { single: `!L.truthy(${binary(parser, unaryBinding).single})` };
  if (take(parser, '#')) return { single: `L.size(${binary(parser, unaryBinding).single})` };
  if (take(parser, '-')) return { single: `(-L.number(${binary(parser, unaryBinding).single}))` };
  return suffixed(parser);
}

function suffixed(parser: Parser): Value {
  let value = primary(parser);
  for (;;) {
    if (take(parser, '.')) value = indexed(value.single, JSON.stringify(nameOf(parser)));
    else if (take(parser, '[')) {
      value = indexed(value.single, expression(parser));
      expect(parser, ']');
    } else if (take(parser, '(')) {
      const args = take(parser, ')') ? '[]' : listOf(expressions(parser));
      if (args !== '[]') expect(parser, ')');
      const multi = `${value.single}(...${args})`;
      value = { single: `${multi}[0]`, multi };
    } else return value;
  }
}

function indexed(table: string, key: string): Value {
  return { single: `L.get(${table}, ${key})`, place: { table, key } };
}

const constants: Record<string, string> = { nil: 'undefined', true: 'true', false: 'false' };

function primary(parser: Parser): Value {
  const token = next(parser);
  if (token.kind === 'number') return { single: token.text };
  if (token.kind === 'text') return { single: JSON.stringify(token.text) };
  if (token.text === '{') return { single: table(parser) };
  if (token.text === '(') {
    const inner = expression(parser);
    expect(parser, ')');
    return { single: `(${inner})` };
  }
  if (token.text === 'function') return { single: functionBody(parser) };
  if (token.kind !== 'name') throw new Error(`line ${token.line}: ${token.text} was not expected`);
  const constant = constants[token.text];
  if (constant) return { single: constant };
  const scope = parser.scopes.findLast((one) => one.has(token.text));
  const key = scope?.get(token.text) ?? globalOf(token);
  return { single: key, place: { table: null, key } };
}

function globalOf({ text, line }: Token): string {
  if (text === 'KEYS' || text === 'ARGV' || text === 'redis') return text;
  if (!(text in library.globals)) throw new Error(`line ${line}: nobody has made ${text}`);
  return `L.globals.${text}`;
}

function table(parser: Parser): string {
  const listed: Value[] = [];
  const named: string[] = [];
  while (!take(parser, '}')) {
    const isNamed = look(parser).kind === 'name' && parser.tokens[parser.at + 1]?.text === '=';
    if (isNamed) {
      const key = nameOf(parser);
      expect(parser, '=');
      named.push(`[${JSON.stringify(key)}, ${expression(parser)}]`);
    } else listed.push(binary(parser, 0));
    if (!take(parser, ',') && look(parser).text !== '}') throw unexpected(parser);
  }
  return `L.table(${listOf(listed)}, [${named.join(', ')}])`;
}

function functionBody(parser: Parser): string {
  expect(parser, '(');
  const names: [string, string][] = [];
  while (!take(parser, ')')) {
    const name = nameOf(parser);
    names.push([name, `${name}$${++parser.names}`]);
    take(parser, ',');
  }
  const body = blockToEnd(parser, names);
  return `(${names.map(([, unique]) => unique).join(', ')}) => {${body}\nreturn [];}`;
}
