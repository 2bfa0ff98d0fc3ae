/** How every command ends; scripts and the contract count on these numbers. */
export const exitCodes = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An end that is no bug: its message is one that the operator can act on. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** The stable code of the API's catalogue, or one of the command line's own. */
  readonly error: string;
  readonly extra: Record<string, unknown>;

  constructor(
    exitCode: ExitCode,
    error: string,
    message: string,
    extra: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.error = error;
    this.extra = extra;
  }
}

export function refused(error: string, message: string): CliError {
  return new CliError(exitCodes.refused, error, message);
}

export function wrongUsage(message: string): CliError {
  return new CliError(exitCodes.usage, 'wrong_usage', message);
}

export function unreachable(message: string): CliError {
  return new CliError(exitCodes.unreachable, 'unreachable', message);
}
