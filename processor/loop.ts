import type { Logger } from '../core/runtime/log.js';

export type Loop = { close(): Promise<void> };

/**
 * Repeats a turn of work until closed: at once while a turn says that more is waiting, otherwise
 * after `pauseMs`. A turn that throws is logged and tried again after the pause. Closing waits for
 * the turn that runs.
 */
export function openLoop(
  name: string,
  { log, pauseMs }: { log: Logger; pauseMs: number },
  turn: () => Promise<boolean>,
): Loop {
  let closing = false;
  let wake = (): void => undefined;
  const rest = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async (): Promise<void> => {
    while (!closing) {
      let more = false;
      try {
        more = await turn();
      } catch (error) {
        log.warn({ err: error, loop: name }, 'a turn failed and will be repeated');
      }
      if (!more && !closing) await rest();
    }
  };
  const running = run();
  return {
    close: async () => {
      closing = true;
      wake();
      await running;
    },
  };
}

/** Works on all items, at most `atOnceMax` at a time. Errors are the work's to handle. */
export async function forEachAtOnce<T>(
  items: T[],
  atOnceMax: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, worker));
}
