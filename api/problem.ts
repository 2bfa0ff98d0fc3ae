import type { NextFunction, Request, Response } from 'express';
import { type ErrorCode, UsherError } from '../core/domain/errors.js';
import type { Logger } from '../core/runtime/log.js';
import { isRetryable, isUnreachable } from '../core/store/database.js';

const busyRetrySeconds = 2;

/** Turns anything that was thrown into the error that may be told. */
export function toUsherError(error: unknown): UsherError {
  if (error instanceof UsherError) return error;
  const { type, status } = error as { type?: string; status?: number };
  const fromBody = bodyError(type);
  if (fromBody) return fromBody;
  if (isUnreachable(error) || isRetryable(error)) {
    return new UsherError('unavailable', 'Usher cannot reach a store it needs. Repeat the call.', {
      retryAfterSeconds: busyRetrySeconds,
    });
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new UsherError('malformed', 'The request could not be read.');
  }
  return new UsherError(
    'internal',
    'Usher could not finish this. Repeat the call with the same key.',
  );
}

/** What express.json says about a body, in our words. */
function bodyError(type: string | undefined): UsherError | undefined {
  const told: Record<string, [ErrorCode, string]> = {
    'entity.parse.failed': ['malformed', 'The body is not valid JSON.'],
    'entity.too.large': ['too_large', 'The body is larger than this call allows.'],
    'encoding.unsupported': ['wrong_type', 'Send the body without that content encoding.'],
    'charset.unsupported': ['wrong_type', 'Send the body as UTF-8.'],
    'request.size.invalid': ['malformed', 'Content-Length and the body differ.'],
    'request.aborted': ['malformed', 'The body ended early.'],
  };
  const entry = type === undefined ? undefined : told[type];
  return entry && new UsherError(...entry);
}

/** The one error handler of the api: a problem document, never a stack, SQL or foreign data. */
export function problemHandler(log: Logger) {
  return (error: unknown, req: Request, res: Response, _next: NextFunction): void => {
    const told = toUsherError(error);
    if (told.code === 'internal') log.error({ err: error, path: req.path }, 'a call failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    if (told.retryAfterSeconds !== undefined)
      res.set('Retry-After', String(told.retryAfterSeconds));
    res
      .status(told.status)
      .type('application/problem+json')
      .set('Cache-Control', 'no-store')
      .send(JSON.stringify(told.toProblem()));
  };
}
