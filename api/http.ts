import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { type ErrorCode, UsherError } from '../core/domain/errors.js';
import { reserveHandler } from './accept/reserve.js';
import type { ApiDeps } from './deps.js';
import { joinHandler } from './join.js';
import { toUsherError } from './problem.js';
import type { Answer } from './route.js';

export const reservePath = '/api/v1/reserve';
const joinRoute = '/api/v1/sales/:id/join';
const joinPath = /^\/api\/v1\/sales\/([a-z0-9-]{1,48})\/join$/;
const plainJson = /^application\/json *(; *charset="?utf-8"?)?$/i;
const bodyBytesMax = 8 * 1024;
const bodyMsMax = 5_000;

type Call = { headers: IncomingMessage['headers']; body: unknown; address: string };
/** One call that is answered here: what it does and where it is counted. */
type Direct = {
  path: string;
  handle: (call: Call) => Promise<Answer>;
  done: (outcome: string, status: number) => void;
};

/**
 * The HTTP server. Reserving and joining are answered before Express sees them, because in a rush
 * they are nearly every call and Express costs more than all that they need (docs/decisions/0004).
 */
export function buildServer(app: Express, deps: ApiDeps): Server {
  const directOf = openDirect(deps);
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, (req, res) => {
    const direct = req.method === 'POST' ? directOf(req) : undefined;
    if (direct) void answerDirect(req, res, direct, deps);
    else app(req, res);
  });
  return server.on('clientError', refuseUnread);
}

/** What Node could not read as HTTP gets a problem document too, and its connection ends. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const told = unreadable[error.code ?? ''] ?? ['malformed', 'This is no HTTP request.'];
  const refusal = new UsherError(...told);
  const { status } = refusal;
  const text = JSON.stringify(refusal.toProblem());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

const unreadable: Record<string, [ErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: ['too_large', 'The headers of a call fit in 16 kB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['malformed', 'The call did not arrive in time.'],
};

function openDirect(deps: ApiDeps): (req: IncomingMessage) => Direct | undefined {
  const reserve = reserveHandler(deps);
  const join = joinHandler(deps);
  return (req) => {
    if (req.url === reservePath) {
      const took = deps.metrics.reserve.startTimer();
      return { path: reservePath, handle: reserve, done: (outcome) => took({ outcome }) };
    }
    const saleId = joinPath.exec(req.url ?? '')?.[1];
    // What isn't a plain JSON body is Express's to judge, as for any other route.
    if (saleId === undefined || !plainJson.test(req.headers['content-type'] ?? '')) return;
    if (req.headers['content-encoding'] !== undefined) return;
    return {
      path: joinRoute,
      handle: (call) => join({ ...call, saleId }),
      done: (_outcome, status) =>
        deps.metrics.calls.inc({ route: joinRoute, status: String(status) }),
    };
  };
}

async function answerDirect(
  req: IncomingMessage,
  res: ServerResponse,
  { path, handle, done }: Direct,
  deps: ApiDeps,
): Promise<void> {
  try {
    const body = await readJson(req);
    const address = addressOf(req);
    const answer = await handle({ headers: req.headers, body, address });
    done(String(answer.status), answer.status);
    write(res, answer.status, 'application/json; charset=utf-8', answer.body, answer.headers);
  } catch (error) {
    const told = toUsherError(error);
    done(told.code, told.status);
    if (told.code === 'internal') deps.log.error({ err: error, path }, 'a call failed');
    write(res, told.status, 'application/problem+json', told.toProblem(), {
      ...(told.retryAfterSeconds === undefined
        ? {}
        : { 'Retry-After': String(told.retryAfterSeconds) }),
    });
  }
}

const loopback = /^(127\.|::1$|::ffff:127\.)/;

/** Who calls: behind a proxy on this machine, the last address that isn't one, as in Express. */
function addressOf(req: IncomingMessage): string {
  const remote = req.socket.remoteAddress ?? '';
  if (!loopback.test(remote)) return remote;
  const told = [req.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const far = told.map((one) => one.trim()).filter((one) => one !== '' && !loopback.test(one));
  return far.at(-1) ?? remote;
}

function write(
  res: ServerResponse,
  status: number,
  type: string,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (res.destroyed) return;
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  res.end(text);
}

/** Reads a small JSON body. @throws UsherError `wrong_type`, `too_large` or `malformed`. */
async function readJson(req: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/i.test(req.headers['content-type'] ?? '')) {
    throw new UsherError('wrong_type', 'Send the body as application/json.');
  }
  const text = await readText(req);
  // A call without a body is one with an empty body.
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new UsherError('malformed', 'The body is not valid JSON.');
  }
}

function readText(req: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(
      () => fail('malformed', 'The body did not arrive in time.'),
      bodyMsMax,
    );
    const fail = (code: 'malformed' | 'too_large', text: string): void => {
      clearTimeout(timer);
      req.removeAllListeners('data');
      req.resume();
      reject(new UsherError(code, text));
    };
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) fail('too_large', 'Such a call fits in 8 kB.');
      else chunks.push(chunk);
    });
    req.on('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    req.on('error', () => fail('malformed', 'The body ended early.'));
    req.on('aborted', () => fail('malformed', 'The body ended early.'));
  });
}
