import type { CallEntry } from '../crowd/client-log.js';
import type { Behaviour } from '../crowd/plan.js';
import type { Random } from '../crowd/random.js';
import type { FaultWorld } from './world.js';

/** What a fault may use while its load runs. */
export type FaultRun = {
  world: FaultWorld;
  random: Random;
  saleId: string;
  showIds: string[];
  /** Something for `bit` to look at. */
  notes: Map<string, number>;
  note(name: string, by?: number): void;
};

/** Engines on disks that can be full, or with clocks that can be moved. */
export type Ground = 'small disks' | 'own clocks';

/** One cell of the matrix: a part, and what befalls it. */
export type Cell = {
  /** Such as `api-killed`; unique. */
  name: string;
  /** What its crowd and its chances are drawn from, whatever the run's seed is. */
  seed?: string;
  /** The section of the matrix. */
  part: string;
  fault: string;
  /** Breaks something; the load has been running for a while. */
  inject(run: FaultRun): Promise<void>;
  /** Milliseconds that it stays broken; healing everything follows. */
  holdMs: number;
  /** The same with `--long`. */
  longHoldMs?: number;
  /** Runs before the general healing. */
  heal?(run: FaultRun): Promise<void>;
  /** The *sometimes* gate: why nothing interesting happened, or undefined when the fault bit. */
  idle(run: FaultRun, during: CallEntry[]): string | undefined;
  /** What its engines need beside the usual. */
  ground?: Ground;
  /** So far apart are the clocks of fans and stores meanwhile, which the auditor must know. */
  clockMs?: number;
  /** The fault is what fans do, so all of their calls count, not only those between two moments. */
  wholeRun?: true;
  /** So many of its fans have a mail address (3). */
  mailed?: number;
  /** So many may be let in each minute (60 000): a low rate lets the auditor see a burst. */
  ratePerMinute?: number;
  /** What is different about this cell's fans. */
  behaviour?: Partial<Behaviour>;
};

/** At this rate fewer than half of the usual fans may be let in within ten seconds. */
export const slowPerMinute = 120;

/** Names the note that must have been taken. */
export function needs(...names: string[]): Cell['idle'] {
  return ({ notes }) => {
    const missing = names.filter((name) => !notes.get(name));
    return missing.length > 0 ? `never happened: ${missing.join(', ')}` : undefined;
  };
}
