import { LineCounter, parseDocument } from 'yaml';
import { gatherFaults, type Path } from './catalog-file-faults.js';
import type { CatalogFault } from './catalog-file-types.js';

/**
 * Finds the lines of faults that were only seen against what is stored. A fault that names the
 * key of an entry, but no place in its list, is put at that entry.
 */
export function placeFaults(
  text: string,
  faults: readonly { path: Path; key: string; message: string }[],
): CatalogFault[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const gathered = gatherFaults(document, lines);
  const root: unknown = document.toJS({ maxAliasCount: -1 });
  for (const { path, key, message } of faults) {
    const index = path.length === 1 ? indexOf(root, String(path[0]), key) : -1;
    gathered.add(index < 0 ? path : [...path, index], message);
  }
  return gathered.list();
}

function indexOf(root: unknown, section: string, key: string): number {
  const list = (root as Record<string, unknown> | null)?.[section];
  if (!Array.isArray(list)) return -1;
  return list.findIndex((entry: unknown) => (entry as { key?: unknown } | null)?.key === key);
}
