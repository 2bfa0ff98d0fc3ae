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

/** One cell of the matrix: a part, and what befalls it. */
export type Cell = {
  /** Such as `api-killed`; unique. */
  name: string;
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
  /** Needs engines on disks that can be full. */
  smallDisks?: true;
  /** The fault is what fans do, so all of their calls count, not only those between two moments. */
  wholeRun?: true;
  /** So many of its fans have a mail address (3). */
  mailed?: number;
  /** What is different about this cell's fans. */
  behaviour?: Partial<Behaviour>;
};

/** Names the note that must have been taken. */
export function needs(...names: string[]): Cell['idle'] {
  return ({ notes }) => {
    const missing = names.filter((name) => !notes.get(name));
    return missing.length > 0 ? `never happened: ${missing.join(', ')}` : undefined;
  };
}
