// The bugs that prove the auditor are changes of the compiled text: each must still find its place.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packageRoot } from '../../core/runtime/paths.js';
import { rules } from '../../loadtest/audit/findings.js';
import { troublePatches } from '../../loadtest/proof/bug.js';
import { bugs } from '../../loadtest/proof/bugs.js';

describe('the planted bugs', () => {
  it('are at least the nine that every auditor must see, each with rules that exist', () => {
    expect(bugs.length).toBeGreaterThanOrEqual(9);
    expect(new Set(bugs.map((bug) => bug.name)).size).toBe(bugs.length);
    expect(bugs.filter((bug) => bug.rules.length === 0)).toEqual([]);
    expect(bugs.flatMap((bug) => bug.rules).filter((rule) => !(rule in rules))).toEqual([]);
  });

  it('find the text that they change in the build', () => {
    const patches = [
      ...bugs.flatMap((bug) => bug.patches),
      ...Object.values(troublePatches).flat(),
    ];
    const lost = patches.filter(({ file, from }) => {
      const path = join(packageRoot, 'dist', file);
      return !existsSync(path) || !readFileSync(path, 'utf8').includes(from);
    });
    expect(lost.map(({ file, from }) => `${file}: ${from}`)).toEqual([]);
  });

  it('change nothing that the sources do not have: the real code has no switch for them', () => {
    const switches = readFileSync(join(packageRoot, 'core/runtime/config.ts'), 'utf8');
    expect(bugs.filter((bug) => switches.includes(bug.name))).toEqual([]);
  });
});
