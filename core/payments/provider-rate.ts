import type { Redis } from '../redis/connect.js';
import type { RedisNames } from '../redis/keys.js';
import { takeDrop } from '../redis/leaky-bucket.js';
import { askRedis, RedisAway } from '../redis/scripts.js';
import type { Priority } from './outcomes.js';

/** Lets calls to the provider out at its rate, those that fans wait for first. */
export type ProviderRate = {
  /**
   * Waits for this call's turn; false when it didn't come within the priority's longest wait, so
   * that the caller comes again later instead of queueing without end.
   */
  turn(priority: Priority): Promise<boolean>;
  /** Tells admission that the provider fails, so that it lets fewer fans in. */
  troubled(): void;
  close(): void;
};

type Rule = {
  /**
   * The share of the bucket that this priority may fill. While confirms keep the bucket fuller
   * than that, the others wait, over all processes.
   */
  share: number;
  waitMsMax: number;
};

const order: readonly Priority[] = ['confirm', 'cancel', 'refund'];
const rules: Record<Priority, Rule> = {
  confirm: { share: 1, waitMsMax: 1_500 },
  cancel: { share: 0.6, waitMsMax: 3_000 },
  refund: { share: 0.3, waitMsMax: 3_000 },
};

/** A wait this long is no sign of a queue; from the second on, admission is slowed to its least. */
const calmMs = 300;
const fullMs = 1_500;
const paceMin = 10;
const paceTtlMs = 5_000;
const tellEveryMs = 500;
const napMsMax = 100;

type Waiting = { sinceMs: number; done: (granted: boolean) => void };

/**
 * Opens the limit that all processes share through Redis: a token bucket of `perSecond` calls.
 * While Redis is away each process keeps the same rate for itself.
 */
export function openProviderRate(deps: {
  redis: Redis;
  names: Pick<RedisNames, 'providerCalls' | 'providerPace'>;
  perSecond: number;
}): ProviderRate {
  const { redis, names, perSecond } = deps;
  const queues: Record<Priority, Waiting[]> = { confirm: [], cancel: [], refund: [] };
  const take = takeDrop(redis, names.providerCalls);
  const dropUs = Math.ceil(1_000_000 / perSecond);
  const tell = openTelling(redis, names.providerPace);
  let running = false;
  let closed = false;

  const head = (): { priority: Priority; waiting: Waiting } | undefined => {
    for (const priority of order) {
      const [waiting] = queues[priority];
      if (waiting) return { priority, waiting };
    }
    return undefined;
  };
  const giveUpOld = (): void => {
    const nowMs = performance.now();
    for (const priority of order) {
      const queue = queues[priority];
      while (queue[0] && (closed || nowMs - queue[0].sinceMs >= rules[priority].waitMsMax)) {
        if (priority === 'confirm' && !closed) tell(fullMs);
        queue.shift()?.done(false);
      }
    }
  };
  const run = async (): Promise<void> => {
    for (let next = head(); next; next = head()) {
      const burst = Math.max(1, Math.floor(perSecond * rules[next.priority].share));
      const waitMs = await take(dropUs, burst);
      if (waitMs === 0) {
        if (next.priority === 'confirm') tell(performance.now() - next.waiting.sinceMs);
        const queue = queues[next.priority];
        queue.splice(queue.indexOf(next.waiting), 1);
        next.waiting.done(true);
      } else {
        await nap(Math.min(waitMs, napMsMax));
      }
      giveUpOld();
    }
    running = false;
  };
  return {
    turn: (priority) =>
      new Promise((resolve, reject) => {
        queues[priority].push({ sinceMs: performance.now(), done: resolve });
        if (running) return;
        running = true;
        run().catch((error: unknown) => {
          running = false;
          for (const one of order) for (const { done } of queues[one].splice(0)) done(false);
          reject(error);
        });
      }),
    troubled: () => tell(fullMs),
    close: () => {
      closed = true;
      giveUpOld();
    },
  };
}

/** How much of its rate admission should let in, in percent, when a confirm waited this long. */
export function paceOf(waitMs: number): number {
  const share = Math.min(1, Math.max(0, (waitMs - calmMs) / (fullMs - calmMs)));
  return Math.round(100 - share * (100 - paceMin));
}

/** Tells a slower pace, at most twice a second; no news means that all is well. */
function openTelling(redis: Redis, key: string): (waitMs: number) => void {
  let quietUntilMs = 0;
  return (waitMs) => {
    const pace = paceOf(waitMs);
    if (pace === 100 || performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + tellEveryMs;
    askRedis(() => redis.set(key, String(pace), 'PX', paceTtlMs)).catch((error: unknown) => {
      if (!(error instanceof RedisAway)) throw error;
    });
  };
}

function nap(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
