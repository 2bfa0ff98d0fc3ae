import { z } from 'zod';

/**
 * Switches that make the sandbox misbehave in the ways a real provider does. They last until they
 * are changed; the counted ones act on that many writing requests and then stop.
 */
const faultsShape = z.strictObject({
  /** Milliseconds that a request waits before it has any effect. */
  slow_ms: z.number().int().min(0).max(120_000),
  /** Milliseconds that an answer waits after the effect. */
  slow_answer_ms: z.number().int().min(0).max(120_000),
  /** How many writing requests get a 500 and no effect. */
  error_500_before_effect: z.number().int().min(0),
  /** How many writing requests have their effect and get a 500. */
  error_500_after_effect: z.number().int().min(0),
  /** How many writing requests have their effect and no answer: the connection is cut. */
  no_answer: z.number().int().min(0),
  /** How many requests of any kind are refused with 429. */
  rate_limited: z.number().int().min(0),
  /** How many writing requests are cut off and have their effect `late_ms` later. */
  late_success: z.number().int().min(0),
  late_ms: z.number().int().min(0).max(600_000),
  webhooks: z.enum(['on', 'off', 'doubled', 'shuffled', 'delayed']),
  /** Milliseconds that deliveries wait while `webhooks` is `delayed`, at most while `shuffled`. */
  webhook_delay_ms: z.number().int().min(0).max(600_000),
  /** Milliseconds that `pm_card_pending` stays in `processing`. */
  processing_ms: z.number().int().min(0).max(600_000),
  /**
   * `normal` refunds go by their card; others stay pending for `refund_ms`, fail at once, or wait
   * until the account has money again, which it has when this is `normal` again.
   */
  refunds: z.enum(['normal', 'pending', 'failed', 'short']),
  /** Milliseconds until a pending or doomed refund comes to its end. */
  refund_ms: z.number().int().min(0).max(600_000),
});

export type FaultSettings = z.infer<typeof faultsShape>;
export type CountedFault =
  | 'error_500_before_effect'
  | 'error_500_after_effect'
  | 'no_answer'
  | 'late_success'
  | 'rate_limited';

export type Faults = {
  settings(): FaultSettings;
  /** Changes the named switches and returns them all; undefined when the input is malformed. */
  change(input: unknown): FaultSettings | undefined;
  reset(): FaultSettings;
  /** True when the counted fault acts on this request, which uses one of its turns up. */
  takes(fault: CountedFault): boolean;
};

const calm: FaultSettings = {
  slow_ms: 0,
  slow_answer_ms: 0,
  error_500_before_effect: 0,
  error_500_after_effect: 0,
  no_answer: 0,
  rate_limited: 0,
  late_success: 0,
  late_ms: 2_000,
  webhooks: 'on',
  webhook_delay_ms: 2_000,
  processing_ms: 3_000,
  refunds: 'normal',
  refund_ms: 3_000,
};

export function openFaults(initial: Partial<FaultSettings> = {}): Faults {
  let settings: FaultSettings = { ...calm, ...initial };
  return {
    settings: () => settings,
    change: (input) => {
      const parsed = faultsShape.safeParse({ ...settings, ...asObject(input) });
      if (!parsed.success || asObject(input) === undefined) return undefined;
      settings = parsed.data;
      return settings;
    },
    reset: () => {
      settings = { ...calm, ...initial };
      return settings;
    },
    takes: (fault) => {
      if (settings[fault] === 0) return false;
      settings = { ...settings, [fault]: settings[fault] - 1 };
      return true;
    },
  };
}

function asObject(input: unknown): object | undefined {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : undefined;
}
