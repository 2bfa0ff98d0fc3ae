import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Express } from 'express';
import { UsherError } from '../core/domain/errors.js';
import { type ReserveCall, reserveHandler } from './accept/reserve.js';
import type { ApiDeps } from './deps.js';
import { toUsherError } from './problem.js';
import type { Answer } from './route.js';

export const reservePath = '/api/v1/reserve';
const bodyBytesMax = 8 * 1024;
const bodyMsMax = 5_000;

/**
 * The HTTP server. Reserving is answered before Express sees it, because in a rush it is nearly
 * every call and Express costs more than all that it needs (docs/decisions/0004).
 */
export function buildServer(app: Express, deps: ApiDeps): Server {
  const reserve = reserveHandler(deps);
  return createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, (req, res) => {
    if (req.url === reservePath && req.method === 'POST') {
      void answerReserve(req, res, reserve, deps);
    } else {
      app(req, res);
    }
  });
}

async function answerReserve(
  req: IncomingMessage,
  res: ServerResponse,
  reserve: (call: ReserveCall) => Promise<Answer>,
  deps: ApiDeps,
): Promise<void> {
  const took = deps.metrics.reserve.startTimer();
  try {
    const body = await readJson(req);
    const answer = await reserve({
      headers: req.headers,
      body,
      address: req.socket.remoteAddress ?? '',
    });
    took({ outcome: String(answer.status) });
    write(res, answer.status, 'application/json; charset=utf-8', answer.body, answer.headers);
  } catch (error) {
    const told = toUsherError(error);
    took({ outcome: told.code });
    if (told.code === 'internal')
      deps.log.error({ err: error, path: reservePath }, 'a call failed');
    write(res, told.status, 'application/problem+json', told.toProblem(), {
      ...(told.retryAfterSeconds === undefined
        ? {}
        : { 'Retry-After': String(told.retryAfterSeconds) }),
    });
  }
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
      if (bytes > bodyBytesMax) fail('too_large', 'A reservation fits in 8 kB.');
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
