import { type Logger, pino, stdSerializers } from 'pino';

export type { Logger };

/**
 * One JSON line per event on standard output. Only ids go in: the list below is a second net
 * under that rule, for objects that come from libraries. A database error carries its statement
 * with the values filled in, so those two fields are left out of every error.
 */
export function openLog(program: string, level = 'info'): Logger {
  return pino({
    level,
    base: { program, pid: process.pid },
    serializers: { err: withoutValues },
    redact: {
      paths: [
        'email',
        'name',
        'phone',
        'password',
        'token',
        'pass',
        'receipt',
        '*.email',
        '*.password',
        '*.token',
        'req.headers',
      ],
      censor: '[kept private]',
    },
  });
}

/** An error as pino writes it, without the statement and the values of a database error. */
export function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { sql, sqlMessage, message, stack, ...told } = stdSerializers.err(error) as Record<
    string,
    unknown
  >;
  if (sql === undefined && sqlMessage === undefined) return { ...told, message, stack };
  // The message repeats a value only inside quotes, such as a duplicate key's.
  return { ...told, message: String(message).replace(/'[^']*'/g, "'…'") };
}
