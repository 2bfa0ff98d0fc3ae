import { LineCounter, parseDocument } from 'yaml';
import { aliasesMax, gatherFaults, type Path } from './catalog-file-faults.js';
import type { CatalogFault } from './catalog-file-types.js';

/**
 * Gives faults that were found after reading a file the lines and columns that they are at. A
 * fault that names an entry's key, but no place in its list, is put at that entry.
 */
export function placeFaults(
  text: string,
  format: 'yaml' | 'json',
  found: readonly { path: Path; key?: string; message: string }[],
): CatalogFault[] {
  const lines = new LineCounter();
  const schema = format === 'json' ? 'json' : 'core';
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, schema });
  const faults = gatherFaults(document, lines);
  const root: unknown = document.toJS({ maxAliasCount: aliasesMax });
  for (const { path, key, message } of found) {
    const index = path.length === 1 ? indexOf(root, String(path[0]), key) : -1;
    faults.add(index < 0 ? path : [...path, index], message);
  }
  return faults.list();
}

function indexOf(root: unknown, section: string, key: string | undefined): number {
  const list = (root as Record<string, unknown> | null)?.[section];
  if (key === undefined || !Array.isArray(list)) return -1;
  return list.findIndex((entry: unknown) => (entry as { key?: unknown } | null)?.key === key);
}
