/** What Lua knows, as far as the room's scripts use it. Nil is `undefined`. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction;
export type LuaFunction = (...given: LuaValue[]) => LuaValue[];

/** A table: its list part counted from 1, and everything else by key. */
export class LuaTable {
  readonly list: LuaValue[];
  readonly named = new Map<LuaValue, LuaValue>();

  constructor(list: LuaValue[] = []) {
    this.list = list;
  }

  get(key: LuaValue): LuaValue {
    return typeof key === 'number' && key >= 1 && key <= this.list.length
      ? this.list[key - 1]
      : this.named.get(key);
  }

  set(key: LuaValue, value: LuaValue): void {
    const end = this.list.length + 1;
    if (typeof key !== 'number' || key < 1 || key > end) {
      if (value === undefined) this.named.delete(key);
      else this.named.set(key, value);
    } else if (key < end) {
      this.list[key - 1] = value;
      while (this.list.length > 0 && this.list.at(-1) === undefined) this.list.pop();
    } else if (value !== undefined) {
      this.list.push(value);
      this.takeIn();
    }
  }

  /** What was set beyond the end joins the list once the gap is closed. */
  private takeIn(): void {
    for (;;) {
      const key = this.list.length + 1;
      const value = this.named.get(key);
      if (value === undefined) return;
      this.named.delete(key);
      this.list.push(value);
    }
  }
}

const truthy = (value: LuaValue): boolean => value !== undefined && value !== false;

function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const read = Number(value);
  return Number.isNaN(read) ? undefined : read;
}

function number(value: LuaValue): number {
  const read = toNumber(value);
  if (read === undefined) throw new Error(`${String(value)} is no number`);
  return read;
}

function text(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') throw new Error(`${String(value)} can't be joined to a text`);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(14)));
}

function tableOf(value: LuaValue): LuaTable {
  if (value instanceof LuaTable) return value;
  throw new Error(`${String(value)} is no table`);
}

/** As C writes it: a tie goes to the even neighbour. */
function fixed(value: number, digits: number): string {
  if (digits === 0 && Number.isInteger(value)) return String(value);
  const isTie = digits === 0 && Math.abs(value % 1) === 0.5;
  return isTie ? String(2 * Math.round(value / 2)) : value.toFixed(digits);
}

function format(pattern: string, values: LuaValue[]): string {
  // Nearly every number that is written is a whole one.
  if (pattern === '%.0f') return fixed(number(values[0]), 0);
  let at = 0;
  return pattern.replace(/%(?:\.(\d+)f|0(\d+)d)/g, (_all, digits?: string, width?: string) => {
    const value = number(values[at++]);
    return digits === undefined
      ? String(value).padStart(Number(width), '0')
      : fixed(value, Number(digits));
  });
}

const patterns = new Map<string, RegExp>();
const classes: Record<string, string> = { a: '[A-Za-z]', d: '\\d', w: '[A-Za-z0-9]' };

function patternOf(lua: string): RegExp {
  const known =
    patterns.get(lua) ??
    new RegExp(
      lua.replace(/%(\w)/g, (_a, kind: string) => {
        const found = classes[kind];
        if (!found) throw new Error(`no class %${kind} of letters`);
        return found;
      }),
    );
  patterns.set(lua, known);
  return known;
}

function match(subject: LuaValue, pattern: LuaValue): LuaValue[] {
  const found = patternOf(text(pattern)).exec(text(subject));
  if (!found) return [undefined];
  return found.length > 1 ? found.slice(1) : [found[0]];
}

function find(subject: LuaValue, wanted: LuaValue, from: LuaValue, plain: LuaValue): LuaValue[] {
  if (!plain) throw new Error('only plain texts are looked for');
  const at = text(subject).indexOf(text(wanted), number(from) - 1);
  return [at < 0 ? undefined : at + 1];
}

const group = (functions: Record<string, LuaFunction | number>): LuaTable => {
  const made = new LuaTable();
  for (const [name, one] of Object.entries(functions)) made.set(name, one);
  return made;
};

/** What compiled scripts call; `globals` are the names that a script finds there. */
export const library = {
  truthy,
  number,
  text,
  get: (table: LuaValue, key: LuaValue) => tableOf(table).get(key),
  set: (table: LuaValue, key: LuaValue, value: LuaValue) => tableOf(table).set(key, value),
  size: (value: LuaValue) =>
    typeof value === 'string' ? value.length : tableOf(value).list.length,
  table: (list: LuaValue[], named: [string, LuaValue][]) => {
    while (list.length > 0 && list.at(-1) === undefined) list.pop();
    const made = new LuaTable(list);
    for (const [key, value] of named) made.set(key, value);
    return made;
  },
  comparable: <T>(left: T, right: T, compare: (left: T, right: T) => boolean) => {
    if (typeof left === typeof right) return compare(left, right);
    throw new Error(`${String(left)} and ${String(right)} can't be compared`);
  },
  ipairs: function* (table: LuaValue): Generator<[number, LuaValue]> {
    const list = tableOf(table);
    for (let at = 1; list.get(at) !== undefined; at += 1) yield [at, list.get(at)];
  },
  globals: {
    tonumber: (value: LuaValue) => [toNumber(value)],
    tostring: (value: LuaValue) => [text(value)],
    unpack: (table: LuaValue) => tableOf(table).list,
    math: group({
      huge: Number.POSITIVE_INFINITY,
      floor: (value) => [Math.floor(number(value))],
      ceil: (value) => [Math.ceil(number(value))],
      max: (...values) => [Math.max(...values.map(number))],
      min: (...values) => [Math.min(...values.map(number))],
    }),
    table: group({
      concat: (table, between, from = 1, to = undefined) => {
        const { list } = tableOf(table);
        const end = to === undefined ? list.length : number(to);
        return [
          list
            .slice(number(from) - 1, end)
            .map(text)
            .join(text(between)),
        ];
      },
    }),
    string: group({
      format: (pattern, ...values) => [format(text(pattern), values)],
      match: (subject, pattern) => match(subject, pattern),
      find: (subject, wanted, from, plain) => find(subject, wanted, from, plain),
      sub: (subject, from, to) => [
        text(subject).slice(number(from) - 1, to === undefined ? undefined : number(to)),
      ],
    }),
  },
};
