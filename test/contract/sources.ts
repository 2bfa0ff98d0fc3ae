// Reads the repository as text, for the tests that hold it to its own rules.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/runtime/paths.js';

export type Source = { path: string; text: string };

export const programs = [
  'api',
  'admission',
  'processor',
  'cli',
  'loadtest',
  'sandbox',
  'mailbox',
] as const;
export const codeFolders = [...programs, 'simulate', 'core'];

const passedOver = new Set(['node_modules', 'dist', 'coverage', '.usher', '.git']);

export function readText(path: string): string {
  return readFileSync(join(packageRoot, path), 'utf8');
}

/** Files below these folders whose names end in one of the endings, with paths from the root. */
export function sourcesUnder(folders: readonly string[], endings: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    filesUnder(folder)
      .filter((path) => endings.some((ending) => path.endsWith(ending)))
      .map((path) => ({ path, text: readText(path) })),
  );
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    if (passedOver.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}

export const isTest = ({ path }: Source): boolean =>
  path.endsWith('.test.ts') || path.startsWith('test/');

/**
 * Rows of the first table below a heading, as the texts of their cells without code marks. The
 * two lines of the table's head are left out.
 * @throws Error when there is no such heading or no table below it.
 */
export function tableBelow(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading,
  );
  if (start < 0) throw new Error(`no heading "${heading}"`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line));
  const section = end < 0 ? rest : rest.slice(0, end);
  const first = section.findIndex((line) => line.startsWith('|'));
  if (first < 0) throw new Error(`no table below "${heading}"`);
  const rows: string[][] = [];
  for (const line of section.slice(first)) {
    if (!line.startsWith('|')) break;
    rows.push(
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    );
  }
  return rows.slice(2);
}

/** The words in code marks in a cell. */
export function codesIn(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');
}
