/** Keeps calls from a receiver that fails: a few faults in a row rest it, then one call tries. */
export type RestingBreaker = {
  /** True when a call may go out now; while it rests, one at a time may after the rest is over. */
  mayCall(): boolean;
  succeeded(): void;
  failed(): void;
  isResting(): boolean;
};

const faultsMax = 5;

/** `restMs` is how long it rests after its fifth fault in a row, and after each failed try then. */
export function openRestingBreaker(restMs = 30_000, now: () => number = Date.now): RestingBreaker {
  let faults = 0;
  let restsUntilMs = 0;
  return {
    mayCall: () => {
      if (faults < faultsMax) return true;
      if (now() < restsUntilMs) return false;
      // This call is the try; others wait for its outcome.
      restsUntilMs = now() + restMs;
      return true;
    },
    succeeded: () => {
      faults = 0;
    },
    failed: () => {
      faults += 1;
      if (faults >= faultsMax) restsUntilMs = now() + restMs;
    },
    isResting: () => faults >= faultsMax && now() < restsUntilMs,
  };
}
