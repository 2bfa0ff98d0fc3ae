import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * One JSON line per event on standard output. Only ids go in: the list below is a second net
 * under that rule, for objects that come from libraries.
 */
export function openLog(program: string, level = 'info'): Logger {
  return pino({
    level,
    base: { program, pid: process.pid },
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
