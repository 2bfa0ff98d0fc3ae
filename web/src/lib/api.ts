import { clock } from './clock.js';
import { session, setSession } from './keep.js';
import type { Problem } from './types.js';

/** An answer other than success; `problem.error` is the stable code. */
export class ApiError extends Error {
  readonly problem: Problem;
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null) {
    super(problem.detail ?? problem.title ?? problem.error);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may be sent again as it is: nothing says that it was decided. */
  get mayRepeat(): boolean {
    const { status, error } = this.problem;
    if (error === 'payments_unavailable' || error === 'internal') return false;
    return status === 0 || status === 408 || status >= 500;
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  /** Catalog pages may come from the browser's cache; anything personal or live may not. */
  cacheable?: boolean;
  signal?: AbortSignal;
}

export interface Answer<T> {
  status: number;
  body: T;
}

const timeoutMs = 20_000;

/** Calls the API. Throws ApiError, with status 0 when no answer came. */
export async function call<T>(path: string, options: Call = {}): Promise<Answer<T>> {
  const response = await send(path, options);
  if (!response.ok) throw await refused(response);
  const body = response.status === 204 ? undefined : await response.json();
  return { status: response.status, body: body as T };
}

/** Calls the API for a file, such as a PDF. */
export async function callBlob(path: string): Promise<Blob> {
  const response = await send(path, {});
  if (!response.ok) throw await refused(response);
  return response.blob();
}

async function send(path: string, options: Call): Promise<Response> {
  const token = session.get()?.token;
  const headers = new Headers(options.headers);
  if (token !== undefined && options.cacheable !== true) {
    headers.set('Authorization', `Bearer ${token}`);
  }
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  const limit = AbortSignal.timeout(timeoutMs);
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers,
    cache: options.cacheable === true ? 'default' : 'no-cache',
    signal: options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]),
  };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  const sentMs = Date.now();
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, init);
  } catch (cause) {
    if (options.signal?.aborted === true) throw cause;
    throw new ApiError({ status: 0, error: 'network' }, null);
  }
  // A cached answer carries an old Date, which would set the clock back.
  if (options.cacheable !== true && !response.headers.has('Age')) {
    clock.heard(response.headers.get('Date'), sentMs, Date.now());
  }
  return response;
}

const sessionOver = new Set(['unauthenticated', 'token_invalid', 'token_expired']);

/** The error of a refusal; a session that the server no longer knows ends here too. */
async function refused(response: Response): Promise<ApiError> {
  const error = await toError(response);
  if (sessionOver.has(error.problem.error)) setSession(null);
  return error;
}

async function toError(response: Response): Promise<ApiError> {
  const after = Number(response.headers.get('Retry-After') ?? 'none');
  let problem: Problem = { status: response.status, error: 'unknown' };
  try {
    problem = { ...problem, ...((await response.json()) as Problem) };
  } catch {
    // A proxy may answer with a page of its own; the status is all there is to say.
  }
  return new ApiError(problem, Number.isFinite(after) ? after * 1000 : null);
}

/** The problem behind whatever was thrown; faults of the page itself are not swallowed silently. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ApiError) return thrown.problem;
  console.error(thrown);
  return { status: 0, error: 'page_fault' };
}
