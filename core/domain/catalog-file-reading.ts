// The lists of a catalog file, entry by entry: what fits its schema goes on to the checks between
// entries, and a faulty entry still counts as declared, or each fault would bring ten others.
import type { Faults } from './catalog-file-faults.js';
import { type Entry, type SectionName, sections } from './catalog-file-schema.js';
import type { CatalogFileOptions } from './catalog-file-types.js';

/** An entry that fits its schema, with its place in the list it came from. */
export interface Found<S extends SectionName> {
  index: number;
  entry: Entry<S>;
}

/** One list of the file: the good entries by key, and every key that somebody may refer to. */
export interface Section<S extends SectionName> {
  found: Found<S>[];
  byKey: Map<string, Found<S>>;
  declared: Set<string>;
  /** Whether every entry fits its schema. */
  complete: boolean;
}

export type Sections = { [S in SectionName]: Section<S> };

/** What the checks of several entries need. */
export interface Reading {
  sections: Sections;
  faults: Faults;
  nowMs: number;
  options: CatalogFileOptions;
}

/** Reads all lists of the file; what doesn't fit is added to the faults. */
export function readSections(root: Record<string, unknown>, faults: Faults): Sections {
  for (const name of Object.keys(root)) {
    // Fields that begin with `x-` are for anchors that several entries share.
    if (!Object.hasOwn(sections, name) && !name.startsWith('x-')) {
      const allowed = Object.keys(sections).join(', ');
      faults.addAtKey([name], `isn't a list here: the lists are ${allowed}`);
    }
  }
  return {
    cities: readSection('cities', root, faults),
    cinemas: readSection('cinemas', root, faults),
    layouts: readSection('layouts', root, faults),
    halls: readSection('halls', root, faults),
    movies: readSection('movies', root, faults),
    sales: readSection('sales', root, faults),
    shows: readSection('shows', root, faults),
  };
}

function readSection<S extends SectionName>(
  name: S,
  root: Record<string, unknown>,
  faults: Faults,
): Section<S> {
  const section: Section<S> = { found: [], byKey: new Map(), declared: new Set(), complete: true };
  const list = root[name];
  if (list === undefined || list === null) {
    return section;
  }
  if (!Array.isArray(list)) {
    faults.add([name], 'must be a list: begin each entry with a dash');
    section.complete = false;
    return section;
  }
  list.forEach((raw: unknown, index) => {
    const key = keyOf(raw);
    const repeated = key !== undefined && section.declared.has(key);
    if (repeated) {
      faults.add([name, index, 'key'], `"${key}" is already used in ${name}: choose another`);
    }
    if (key !== undefined) {
      section.declared.add(key);
    }
    const parsed = sections[name].safeParse(raw);
    if (!parsed.success) {
      section.complete = false;
      faults.addIssues([name, index], parsed.error.issues);
      return;
    }
    const found = { index, entry: parsed.data as Entry<S> };
    section.found.push(found);
    if (key !== undefined && !repeated) {
      section.byKey.set(key, found);
    }
  });
  return section;
}

function keyOf(raw: unknown): string | undefined {
  const key = typeof raw === 'object' && raw !== null && 'key' in raw ? raw.key : undefined;
  return typeof key === 'string' ? key : undefined;
}
