import { z } from 'zod';
import type { CliContext } from './context.js';
import { CliError, exitCodes, refused, unreachable, wrongUsage } from './exit.js';
import { findTarget, type Target } from './target.js';

export const callMsMax = 15_000;

const problemSchema = z
  .object({ status: z.number(), detail: z.string(), error: z.string() })
  .loose();

export type CallOptions = {
  body?: unknown;
  query?: Record<string, string | undefined>;
  /** The version that the caller has seen; the server refuses when it is older than the row's. */
  ifMatch?: string | undefined;
  /** Names one intention: repeated with the same key it is carried out once. */
  idempotencyKey?: string | undefined;
};

/** The staff API of one Usher. Every answer passes the schema that the command needs. */
export type StaffClient = {
  url: string;
  get<T>(path: string, schema: z.ZodType<T>, options?: CallOptions): Promise<T>;
  post<T>(path: string, schema: z.ZodType<T>, options?: CallOptions): Promise<T>;
  delete<T>(path: string, schema: z.ZodType<T>, options?: CallOptions): Promise<T>;
};

/** @throws CliError with exit 3 when there is no Usher to talk to. */
export function openClient(context: CliContext): StaffClient {
  return clientOf(findTarget(context));
}

/**
 * Looks anew at each call which Usher there is, with a new token: for a command that outlives its
 * first one, or the Usher that runs here. Its calls reject with what `openClient` throws.
 */
export function openLastingClient(context: CliContext): Pick<StaffClient, 'get' | 'post'> {
  return {
    get: async (path, schema, options) => openClient(context).get(path, schema, options),
    post: async (path, schema, options) => openClient(context).post(path, schema, options),
  };
}

/** Paths are relative to `/api/v1/staff/`; an empty token sends none. */
export function clientOf(target: Pick<Target, 'url' | 'token'>): StaffClient {
  const call = async <T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    options: CallOptions = {},
  ): Promise<T> => {
    const answer = await send(target, method, path, options);
    const text = await answer.text();
    if (!answer.ok) throw refusalOf(target.url, answer.status, text);
    const parsed = schema.safeParse(text === '' ? {} : readJson(target.url, text));
    if (parsed.success) return parsed.data;
    throw refused(
      'foreign_answer',
      `${target.url} answered ${method} ${path} in a way this command does not know; are both of the same version? (${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message})`,
    );
  };
  return {
    url: target.url,
    get: (path, schema, options) => call('GET', path, schema, options),
    post: (path, schema, options) => call('POST', path, schema, options),
    delete: (path, schema, options) => call('DELETE', path, schema, options),
  };
}

async function send(
  target: Pick<Target, 'url' | 'token'>,
  method: string,
  path: string,
  { body, query, ifMatch, idempotencyKey }: CallOptions,
): Promise<Response> {
  // An empty or dotted name would make the address that of another call.
  if (path.split('/').some((part) => /^\.{0,2}$/.test(part))) {
    throw wrongUsage('A name or id is empty or made of dots; write the one that you mean.');
  }
  const url = new URL(`${target.url}/api/v1/staff/${path}`);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  try {
    return await fetch(url, {
      method,
      signal: AbortSignal.timeout(callMsMax),
      headers: {
        ...(target.token === '' ? {} : { authorization: `Bearer ${target.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw unreachable(
      `${target.url} does not answer (${cause}). See \`./usher status\`, or choose another with \`./usher login URL\`.`,
    );
  }
}

function readJson(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refused('foreign_answer', `${url} does not answer like Usher. Is the address right?`);
  }
}

/** A problem document as the sentence it carries, with what to do about a token. */
function refusalOf(url: string, status: number, text: string): CliError {
  let problem: z.infer<typeof problemSchema> | undefined;
  try {
    problem = problemSchema.parse(JSON.parse(text));
  } catch {
    if (status >= 500) return unreachable(`${url} answered ${status}. Try again shortly.`);
    return refused('foreign_answer', `${url} answered ${status}, but not like Usher.`);
  }
  const { detail, error, type: _type, title: _title, status: _status, ...extra } = problem;
  const hint =
    status === 401 && error !== 'login_failed' ? ' Log in with `./usher login URL`.' : '';
  const exitCode = status >= 500 ? exitCodes.unreachable : exitCodes.refused;
  return new CliError(exitCode, error, `${detail}${hint}`, extra);
}
