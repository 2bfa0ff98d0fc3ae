import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from './connect.js';

/** A Lua script with its includes written in, and the number of keys that its name promises. */
export type Script = { name: string; text: string; sha: string; keys: number };

/** Redis can't be asked, or can't serve now; nothing is known of the outcome of the call. */
export class RedisAway extends Error {
  constructor(cause: unknown) {
    super(`Redis is away: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'RedisAway';
  }
}

const includeLine = /^-- include: (\S+)$/gm;

/**
 * Reads `name-N.lua`, where N is the number of keys, and puts each `-- include: file` in its place.
 * @throws Error when the name promises no number of keys.
 */
export function loadScript(url: URL): Script {
  const name = url.pathname.split('/').pop() ?? '';
  const keys = /-(\d+)\.lua$/.exec(name)?.[1];
  if (keys === undefined) throw new Error(`${name} does not say how many keys it takes`);
  const text = readFileSync(url, 'utf8').replace(includeLine, (_line, file: string) =>
    readFileSync(new URL(file, url), 'utf8'),
  );
  return { name, text, sha: createHash('sha1').update(text).digest('hex'), keys: Number(keys) };
}

/**
 * Runs a script by its hash, and sends its text once to a server that doesn't know it.
 * @throws RedisAway when the server can't be reached or can't serve now.
 */
export async function runScript(
  redis: Redis,
  script: Script,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  if (keys.length !== script.keys) throw new Error(`${script.name} got ${keys.length} keys`);
  try {
    return await redis.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw classify(error);
  }
  try {
    return await redis.eval(script.text, keys.length, ...keys, ...args);
  } catch (error) {
    throw classify(error);
  }
}

/** Runs a plain call with the same reading of failures as `runScript`. */
export async function askRedis<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw classify(error);
  }
}

/** Answers by which a server says that it can't serve now; any other answer is our own fault. */
const cannotServe = /^(LOADING|READONLY|MASTERDOWN|MISCONF|OOM|BUSY|NOREPLICAS|CLUSTERDOWN)/;

function classify(error: unknown): unknown {
  if (error instanceof Error && error.name === 'ReplyError' && !cannotServe.test(error.message)) {
    return error;
  }
  return new RedisAway(error);
}

/**
 * The run id of the server behind a connection, asked again after every reconnect: another id
 * means that the server restarted or another one took over, and may have lost what it was told.
 */
export type RunId = () => Promise<string>;

const watched = new WeakMap<Redis, RunId>();

/** One watch per connection, however many ask. */
export function watchRunId(redis: Redis): RunId {
  const before = watched.get(redis);
  if (before) return before;
  const runId = newWatch(redis);
  watched.set(redis, runId);
  return runId;
}

function newWatch(redis: Redis): RunId {
  let known: Promise<string> | undefined;
  const forget = (): void => {
    known = undefined;
  };
  redis.on('close', forget);
  return () => {
    if (known) return known;
    const asked = askRedis(() => redis.info('server')).then((info) => {
      const id = /^run_id:([0-9a-f]+)/m.exec(info)?.[1];
      if (!id) throw new RedisAway('the server did not tell its run id');
      return id;
    });
    known = asked;
    // A failed question must be asked again by the next caller.
    asked.catch(() => {
      if (known === asked) known = undefined;
    });
    return asked;
  };
}
