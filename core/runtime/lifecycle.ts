import type { Logger } from './log.js';

type Step = { name: string; close: () => Promise<void> | void };

/** What a program must give back before it ends, closed in the reverse order of its opening. */
export type Lifecycle = {
  onClose(name: string, close: () => Promise<void> | void): void;
  close(): Promise<void>;
};

/**
 * Collects closers and runs them within one deadline, because a queue's close can hang while
 * Redis is away and a program must end all the same.
 */
export function openLifecycle(log: Logger, closeMsMax = 8_000): Lifecycle {
  const steps: Step[] = [];
  let closing: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    for (const step of steps.reverse()) {
      try {
        await step.close();
      } catch (error) {
        log.warn({ step: step.name, err: error }, 'a part did not close cleanly');
      }
    }
  };
  return {
    onClose: (name, close) => {
      steps.push({ name, close });
    },
    close: () => {
      closing ??= withDeadline(run(), closeMsMax, () => {
        log.warn({ closeMsMax }, 'closing took too long; ending anyway');
      });
      return closing;
    },
  };
}

/** Ends the process in order on SIGTERM and SIGINT; a second signal ends it at once. */
export function closeOnSignal(lifecycle: Lifecycle, log: Logger): void {
  let asked = false;
  const stop = (signal: string): void => {
    if (asked) process.exit(130);
    asked = true;
    log.info({ signal }, 'stopping');
    void lifecycle.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

/** Resolves with the work, or after `msMax` with undefined after telling `onLate`. */
export async function withDeadline<T>(
  work: Promise<T>,
  msMax: number,
  onLate: () => void,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      onLate();
      resolve(undefined);
    }, msMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
