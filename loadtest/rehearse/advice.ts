// What a rehearsal's figures mean for the real sale.

export type ProgramUse = { name: string; cores: number };

export type Observed = {
  /** Fans admitted a minute while the line moved. */
  admittedPerMinute: number;
  /** How long a pass was in use, on average. */
  passSeconds: number;
  /** 99 of 100 reserve calls were answered within this. */
  reserveP99Ms: number;
  programs: ProgramUse[];
};

export type Advice = {
  rate_per_minute: number;
  pass_cap: number;
  processes: Record<string, number>;
  why: string;
};

/** A decision takes longer than this only when something is full. */
const decisionMsGood = 200;
/** One process on one core: above this its queue grows. */
const coresFull = 0.7;
const scaleMost = 3;
const scaleLeast = 0.1;
const capHeadroom = 1.3;

/**
 * The rate at which decisions stay quick and no kind of process that can't be doubled is full; the cap
 * by Little's law with a third to spare; and how many processes of each kind carry that.
 */
export function adviceOf(observed: Observed): Advice {
  const byDecision = decisionMsGood / Math.max(1, observed.reserveP99Ms);
  // Any number of api processes may run, so only the others limit the rate.
  const busiest = Math.max(
    0.01,
    ...observed.programs.filter(({ name }) => name !== 'api').map(({ cores }) => cores),
  );
  const byWork = coresFull / busiest;
  const scale = Math.min(scaleMost, Math.max(scaleLeast, Math.min(byDecision, byWork)));
  const rate = Math.max(1, Math.round(observed.admittedPerMinute * scale));
  const processes = Object.fromEntries(
    observed.programs.map(({ name, cores }) => [
      name,
      Math.max(1, Math.ceil((cores * Math.max(1, scale)) / coresFull)),
    ]),
  );
  return {
    rate_per_minute: rate,
    pass_cap: Math.max(10, Math.ceil((rate / 60) * observed.passSeconds * capHeadroom)),
    processes,
    why:
      scale >= scaleMost
        ? 'nothing was near its limit'
        : byDecision < byWork
          ? `decisions took ${Math.round(observed.reserveP99Ms)} ms (p99)`
          : `the busiest process used ${busiest.toFixed(2)} of a core`,
  };
}
