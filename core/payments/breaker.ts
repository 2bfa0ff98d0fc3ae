import CircuitBreaker from 'opossum';

/** Runs calls to the provider, and stops sending while too many of them fail. */
export type Breaker = {
  /** Runs the call; rejects with `BreakerOpen` without running it while the circuit is open. */
  run<T>(call: () => Promise<T>): Promise<T>;
  state(): 'closed' | 'half_open' | 'open';
  close(): void;
};

export class BreakerOpen extends Error {
  constructor() {
    super('the circuit to the payment provider is open');
  }
}

const windowMs = 10_000;
const callsMin = 10;
const failedPercentMax = 50;

/**
 * Opens when half of at least 10 calls in 10 s failed; after `resetMs` one call goes out to try.
 * `isFault` tells the provider's faults from its answers, such as a declined card.
 */
export function openBreaker(options: {
  isFault: (error: unknown) => boolean;
  resetMs: number;
}): Breaker {
  const circuit = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
    timeout: false,
    errorThresholdPercentage: failedPercentMax,
    resetTimeout: options.resetMs,
    rollingCountTimeout: windowMs,
    volumeThreshold: callsMin,
    errorFilter: (error: unknown) => !options.isFault(error),
  });
  return {
    run: async <T>(call: () => Promise<T>): Promise<T> => {
      try {
        return (await circuit.fire(call)) as T;
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'EOPENBREAKER' || code === 'ESHUTDOWN') throw new BreakerOpen();
        throw error;
      }
    },
    state: () => (circuit.opened ? 'open' : circuit.halfOpen ? 'half_open' : 'closed'),
    close: () => circuit.shutdown(),
  };
}
