import { type Bench, decide, fillJournal, fillLapsing, runBareLoop } from './lanes-ground.js';

export type LanesSettings = {
  rounds: number;
  requests: number;
  /** Requests before those that are measured, by the same programs. */
  warmUp: number;
  inFlight: number;
  shows: number[];
  processors: number[];
  shards: number[];
  /** How long a snapshot has been open beside the drain that is measured. */
  snapshotMs: number;
  /** Decided requests that lie in the journal before the drain is measured again. */
  decidedBefore: number;
  /** Holds that run out while others buy. */
  lapsing: number;
  /** Shares of the maximum rate at which fans arrive by schedule. */
  openLoop: number[];
};

export type Measured = {
  per_second: number;
  p50_ms: number;
  p99_ms: number;
  /**
   * Requests in a batch, and processor time for each request, by whose it was, in microseconds;
   * null where the system doesn't tell.
   */
  cost?: Record<string, number | null>;
};
export type Note = (variant: string, measured: Measured) => void;
type Row = (bench: Bench, note: Note) => Promise<void>;

const usualShows = 20;
/** A deadlock storm is a rate all the same. */
const stormShare = 0.25;

/** Each row by its name for `--only`; those that fill the tables come last. */
export const laneRows = {
  processors: async (bench, note) => {
    for (const processors of bench.settings.processors) {
      note(`${processors}`, await decide(bench, { shows: usualShows, processors }));
    }
  },
  shards: async (bench, note) => {
    for (const shards of bench.settings.shards) {
      note(`${shards}`, await decide(bench, { shows: usualShows, shards }));
    }
  },
  wins: async (bench, note) => {
    note('bare mysql2 loop', await runBareLoop(bench));
    note('Usher', await decide(bench, { shows: usualShows }));
  },
  isolation: async (bench, note) => {
    const requests = Math.round(bench.settings.requests * stormShare);
    for (const isolation of ['READ COMMITTED', 'SERIALIZABLE']) {
      const env = { USHER_LANES_ISOLATION: isolation };
      note(isolation, await decide(bench, { shows: usualShows, requests, env, processors: 2 }));
    }
  },
  schedule: async (bench, note) => {
    const most = await decide(bench, { shows: usualShows });
    note('as fast as it goes', most);
    for (const share of bench.settings.openLoop) {
      const perSecond = most.per_second * share;
      const measured = await decide(bench, { shows: usualShows, perSecond });
      const percent = Math.round(share * 100);
      note(`${percent} % of that, until the fan knows`, measured);
      note(`${percent} % of that, accept to decision`, measured.decided);
    }
  },
  expiry: async (bench, note) => {
    note('nothing lapses', await decide(bench, { shows: usualShows }));
    await fillLapsing(bench);
    const { lapsing } = bench.settings;
    note(`${lapsing} holds lapse`, await decide(bench, { shows: usualShows }));
  },
  shows: async (bench, note) => {
    for (const shows of bench.settings.shows) note(`${shows}`, await decide(bench, { shows }));
  },
  drain: async (bench, note) => {
    const { shard, another } = bench.stage;
    note('clean', await decide(bench, { shows: 1 }));
    const reader = await another();
    await reader.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await reader.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    const openedMs = performance.now();
    try {
      let shown = await decide(bench, { shows: 1 });
      while (performance.now() - openedMs < bench.settings.snapshotMs) {
        shown = await decide(bench, { shows: 1 });
      }
      note('beside an open snapshot', shown);
    } finally {
      await reader.end();
    }
    const { decidedBefore } = bench.settings;
    const before = (showId: number) => fillJournal(shard, showId, decidedBefore);
    note(`after ${decidedBefore} decided`, await decide(bench, { shows: 1, before }));
  },
} satisfies Record<string, Row>;

export type LaneRow = keyof typeof laneRows;
