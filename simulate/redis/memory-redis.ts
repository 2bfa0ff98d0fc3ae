import { createHash } from 'node:crypto';
import type { Redis } from '../../core/redis/connect.js';
import { type Chunk, compileLua } from '../lua/compile.js';
import { LuaTable, type LuaValue } from '../lua/library.js';
import { commands, type Keys, type Reply } from './commands.js';

/** Changes the text of a script before it is run: how a fault is planted into the room's rules. */
export type Edit = (text: string) => string;

export type MemoryRedis = {
  /** What the product's own callers of scripts take for a connection. */
  connection: Redis;
  /** Runs a command of a client. */
  call(name: string, ...args: string[]): Reply;
  /** Everything that is kept, in a form that can be compared. */
  dump(): Record<string, unknown>;
  empty(): void;
};

/** Compiled once per text, whatever the number of simulated servers. */
const compiled = new Map<string, Chunk>();

function compile(text: string): Chunk {
  const known = compiled.get(text) ?? compileLua(text);
  compiled.set(text, known);
  return known;
}

/** A Redis of one process that runs the room's Lua scripts by a clock of its own. */
export function openMemoryRedis(clockMs: () => number, edit: Edit = (text) => text): MemoryRedis {
  const keys: Keys = { kept: new Map(), clockMs };
  const scripts = new Map<string, Chunk>();
  const call = (name: string, ...args: string[]): Reply => {
    const command = commands[name];
    if (!command) throw new Error(`ERR unknown command ${name}`);
    const [key = '', ...rest] = args;
    const reply = command(keys, key, rest);
    const kept = keys.kept.get(key);
    // As in Redis, a key without content doesn't exist.
    if (kept && (Array.isArray(kept) ? kept.length : kept.size) === 0) keys.kept.delete(key);
    return reply;
  };
  const redis = new LuaTable();
  redis.set('call', (name, ...args) => [fromReply(call(String(name), ...args.map(argument)))]);
  const run = (chunk: Chunk, keyCount: number, given: (string | number)[]): unknown => {
    const texts = given.map(String);
    const result = chunk(
      new LuaTable(texts.slice(0, keyCount)),
      new LuaTable(texts.slice(keyCount)),
      redis,
    );
    return toReply(result?.[0]);
  };
  const connection = {
    evalsha: async (sha: string, keyCount: number, ...given: (string | number)[]) => {
      const chunk = scripts.get(sha);
      if (!chunk) throw new Error('NOSCRIPT');
      return run(chunk, keyCount, given);
    },
    eval: async (text: string, keyCount: number, ...given: (string | number)[]) => {
      const chunk = compile(edit(text));
      scripts.set(createHash('sha1').update(text).digest('hex'), chunk);
      return run(chunk, keyCount, given);
    },
  };
  return {
    connection: connection as unknown as Redis,
    call,
    dump: () => Object.fromEntries([...keys.kept].map(([key, kept]) => [key, plain(kept)])),
    empty: () => keys.kept.clear(),
  };
}

function plain(kept: unknown): unknown {
  if (kept instanceof Map) return Object.fromEntries(kept);
  if (Array.isArray(kept)) return [...kept];
  return (kept as { range(from: number, to: number): unknown[] }).range(0, Number.MAX_SAFE_INTEGER);
}

function argument(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Error('ERR a command takes texts and numbers only');
}

function fromReply(reply: Reply): LuaValue {
  if (reply === null) return false;
  return Array.isArray(reply) ? new LuaTable(reply.map((one) => one ?? false)) : reply;
}

/** As Redis hands a script's result to its client: a list ends at the first nil. */
function toReply(value: LuaValue): unknown {
  if (value === undefined || value === false) return null;
  if (value === true) return 1;
  if (typeof value === 'number') return Math.trunc(value);
  if (!(value instanceof LuaTable)) return value;
  return value.list.map(toReply);
}
