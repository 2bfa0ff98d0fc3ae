// A disk that can be full: a small tmpfs under one engine's folder. Mounting takes root.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CannotHere } from './cannot-here.js';

const fillerName = 'filler';
/** The last pieces are small, so that no room is left for anybody. */
const pieces = [1_048_576, 4_096, 1];

/** Mounts a disk of so many MiB at `dir`. @throws CannotHere when that isn't allowed here. */
export function mountSmallDisk(dir: string, mib: number): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700`, 'usher', dir], {
      stdio: 'pipe',
    });
  } catch (error) {
    throw new CannotHere(`no small disk can be mounted here: ${(error as Error).message.trim()}`);
  }
}

/** Takes away every disk that was mounted in a folder; its engines have ended. */
export function unmountIn(folder: string): void {
  for (const dir of mountsIn(folder)) {
    execFileSync('umount', [dir], { stdio: 'pipe' });
  }
}

function mountsIn(folder: string): string[] {
  try {
    const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const points = lines.map((line) => line.split(' ')[1] ?? '');
    return points.filter((point) => point.startsWith(`${folder}/`));
  } catch {
    return [];
  }
}

/** Leaves no byte free on the disk of `dir`; returns how many were taken. */
export function fillDisk(dir: string): number {
  const file = openSync(join(dir, fillerName), 'w');
  let bytes = 0;
  try {
    for (const size of pieces) {
      const piece = Buffer.alloc(size);
      while (writes(file, piece)) bytes += size;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}

function writes(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

export function freeDisk(dir: string): void {
  rmSync(join(dir, fillerName), { force: true });
}
