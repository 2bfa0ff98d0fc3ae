/** The rules that the auditor knows, by the numbers of the list of invariants. */
export const rules = {
  I1: 'a seat has at most one active owner',
  I2: 'capacity = free + held + booked + blocked, and counters agree with rows',
  I3: 'the schema still refuses what must never be stored',
  I4: 'a request gets all of its seats or none',
  I5: 'a show lies on the shard that the directory names, and nowhere else',
  I6: 'the log, replayed seat by seat, ends at what the tables hold',
  I7: 'what ended before another thing began stands before it in the log',
  I8: 'every change has exactly one log entry, without gaps, and the chain of hashes holds',
  I9: 'what was accepted is in the journal',
  I10: 'a request has exactly one outcome',
  I11: 'one idempotency key is one request',
  I12: 'nobody is overtaken',
  I13: '"sold out" and "taken" were true when they were said',
  I14: 'requests are decided in the order in which they came, but for one batch',
  I15: 'a granted request had a valid pass, and a pass won once',
  I16: 'no more were admitted than rate and pass cap allow',
  I17: 'a place is given once and never grows',
  I18: 'who was before stays before, also when Redis was lost',
  I19: 'no hold ends before its time',
  I20: 'no hold lives past its time',
  I21: 'a hold ends once',
  I22: 'an expired hold leaves no payment open',
  I23: 'a confirmed booking has exactly one payment of its amount',
  I24: 'captured money has a booking, or refunds that add up to it',
  I25: 'a booking is paid once, an attempt has one intent',
  I26: 'refunds never exceed what was paid',
  I27: 'the amount is the sum of the prices frozen at the hold',
  I28: 'debits equal credits for each purchase, and totals agree with those of the provider',
  I29: 'an event of the provider takes effect once',
  I30: 'what the provider told is known, or was looked up',
  I31: 'live tickets and seats of confirmed bookings are one to one',
  I32: 'a ticket is admitted once',
  I33: 'a void ticket is not admitted',
  I34: 'a booking has its mail, and no mail tells of what never was',
  I35: 'every effect outside has its message in the outbox',
  I36: 'what fans were told was so',
  I37: 'while somebody waits, freed seats are theirs',
  I38: 'nobody has more seats than the cap',
  I39: 'everybody sees only what is theirs',
  I40: 'no personal data lies in clear',
  I41: 'each sealed value names a key, and no nonce repeats',
  I42: 'settled means settled',
} as const;

export type Rule = keyof typeof rules;

/** One broken rule: where, which rows, and what most likely did it. */
export type Violation = {
  rule: Rule;
  /** Such as `show 12` or `sale premiere`. */
  where: string;
  text: string;
  /** The rows, as `table(key)`; at most a handful. */
  rows: string[];
  cause: string;
};

const rowsMax = 8;
/** More violations of one rule than this are counted, not listed. */
export const listedPerRuleMax = 50;

export type Findings = {
  add(violation: Violation): void;
  /** Notes that a rule was applied to so many things. */
  checked(rule: Rule, things: number): void;
  list(): Violation[];
  counts(): { rule: Rule; title: string; checked: number; violations: number }[];
};

export function gatherFindings(): Findings {
  const violations: Violation[] = [];
  const counts = new Map<Rule, { checked: number; violations: number }>();
  const countOf = (rule: Rule) => {
    const known = counts.get(rule) ?? { checked: 0, violations: 0 };
    counts.set(rule, known);
    return known;
  };
  return {
    add: (violation) => {
      const count = countOf(violation.rule);
      count.violations += 1;
      if (count.violations > listedPerRuleMax) return;
      violations.push({ ...violation, rows: violation.rows.slice(0, rowsMax) });
    },
    checked: (rule, things) => {
      countOf(rule).checked += things;
    },
    list: () => violations,
    counts: () =>
      (Object.keys(rules) as Rule[])
        .filter((rule) => counts.has(rule))
        .map((rule) => ({ rule, title: rules[rule], ...countOf(rule) })),
  };
}
