// Reading a catalog file: text → document → entries that fit their schema → references resolved →
// everything expanded. Each step looks at all that the one before let through, so that one run
// reports every fault.
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import { aliasesMax, type Faults, gatherFaults } from './catalog-file-faults.js';
import { resolveHalls } from './catalog-file-halls.js';
import { type Reading, readSections } from './catalog-file-reading.js';
import { resolveSales } from './catalog-file-sales.js';
import { type Entry, sections } from './catalog-file-schema.js';
import { resolveShows } from './catalog-file-shows.js';
import type {
  Catalog,
  CatalogFileOptions,
  CatalogFileResult,
  CatalogMovie,
} from './catalog-file-types.js';

/** Longest file, in characters. */
export const fileCharsMax = 8_000_000;

/**
 * Reads and checks a catalog file and expands it. Never throws for what the text says: all faults
 * come back together, sorted by line, and then there is no catalog.
 */
export function parseCatalogFile(text: string, options: CatalogFileOptions): CatalogFileResult {
  if (text.length > fileCharsMax) {
    const message = `has more than ${fileCharsMax} characters: split it into several files`;
    return { ok: false, faults: [{ line: 1, column: 1, field: '', message }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // The strict schema refuses bare words, which JSON doesn't have.
    schema: options.format === 'json' ? 'json' : 'core',
  });
  const faults = gatherFaults(document, lines);
  const root = rootOf(document, faults);
  if (root === undefined) {
    return { ok: false, faults: faults.list() };
  }
  const reading: Reading = {
    sections: readSections(root, faults),
    faults,
    nowMs: Number(options.now),
    options,
  };
  const catalog = resolve(reading);
  const list = faults.list();
  return list.length > 0 ? { ok: false, faults: list } : { ok: true, catalog };
}

/** The top level of the file; undefined when the syntax is too broken to say more about it. */
function rootOf(document: Document, faults: Faults): Record<string, unknown> | undefined {
  let broken = false;
  for (const problem of [...document.errors, ...document.warnings]) {
    broken ||= problem.code !== 'DUPLICATE_KEY';
    const message =
      problem.code === 'DUPLICATE_KEY'
        ? 'this field is given twice: remove one'
        : `can't be read here: ${problem.message}`;
    faults.addAt(problem.pos[0], '', message);
  }
  const anchors = new Set<string>();
  visit(document, {
    Value(_, { anchor }) {
      anchors.add(anchor ?? '');
    },
    Alias(_, alias) {
      if (!anchors.has(alias.source)) {
        broken = true;
        const message = `there is no anchor &${alias.source} before this: write the value out`;
        faults.addAt(alias.range?.[0] ?? 0, '', message);
      }
    },
  });
  if (broken) {
    return undefined;
  }
  try {
    const root: unknown = document.toJS({ maxAliasCount: aliasesMax });
    if (typeof root === 'object' && root !== null && !Array.isArray(root)) {
      return root as Record<string, unknown>;
    }
    faults.add([], `must hold the lists ${Object.keys(sections).join(', ')}`);
  } catch {
    faults.add([], `uses one anchor more than ${aliasesMax} times: write the value out`);
  }
  return undefined;
}

function resolve(reading: Reading): Catalog {
  const { cities, cinemas, movies } = reading.sections;
  for (const { index, entry } of cinemas.found) {
    const known = reading.options.known?.cities.has(entry.city) ?? false;
    if (!known && !cities.declared.has(entry.city)) {
      reading.faults.add(['cinemas', index, 'city'], `there is no city "${entry.city}": add it`);
    }
  }
  const halls = resolveHalls(reading);
  const sales = resolveSales(reading);
  return {
    cities: cities.found.map(({ entry }) => entry),
    cinemas: cinemas.found.map(({ entry }) => entry),
    halls,
    movies: movies.found.map(({ entry }) => movieOf(entry)),
    shows: resolveShows(reading, halls),
    sales,
  };
}

function movieOf(entry: Entry<'movies'>): CatalogMovie {
  const { rating = null, poster = null, trailer_url = null, ...rest } = entry;
  return { ...rest, rating, poster, trailer_url };
}
