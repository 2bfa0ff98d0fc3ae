import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/runtime/paths.js';
import type { Patch } from './bug.js';

/** Folders of the repository that programs look into, beside the build itself. */
const beside = ['node_modules', 'package.json', 'sql', 'examples', 'core'];

/**
 * Copies the build into `folder` and changes the copy. @throws Error when a text that a patch
 * replaces is not there: the code has moved on, and the bug must be planted anew.
 */
export function patchedBuild(folder: string, patches: Patch[]): string {
  const dist = join(folder, 'dist');
  mkdirSync(folder, { recursive: true });
  cpSync(join(packageRoot, 'dist'), dist, { recursive: true });
  const there = readdirSync(packageRoot);
  for (const name of beside.filter((one) => there.includes(one))) {
    symlinkSync(join(packageRoot, name), join(folder, name));
  }
  for (const { file, from, to } of patches) {
    const path = join(dist, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} no longer has: ${from}`);
    writeFileSync(path, text.replaceAll(from, to));
  }
  return dist;
}
