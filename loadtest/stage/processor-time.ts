import { readFileSync } from 'node:fs';

/** Linux counts a process's time for others in hundredths of a second, whatever its own clock. */
const tickUs = 10_000;

/**
 * Processor time that processes have used since they began, in microseconds, with what the kernel
 * did for them; undefined where the system doesn't tell it in /proc.
 */
export function processorTimeUs(pids: (number | undefined)[]): number | undefined {
  try {
    return pids.reduce<number>((sum, pid) => sum + timeOf(pid), 0);
  } catch {
    return undefined;
  }
}

function timeOf(pid: number | undefined): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name comes second, in parentheses, and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickUs;
}
