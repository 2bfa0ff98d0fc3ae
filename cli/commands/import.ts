import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Command } from 'commander';
import { parseCatalogFile } from '../../core/domain/catalog-file.js';
import { placeFaults } from '../../core/domain/catalog-file-places.js';
import type { CatalogFault } from '../../core/domain/catalog-file-types.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { type ImportReport, importCatalog } from '../../core/store/catalog/import.js';
import { readKnownCatalog } from '../../core/store/catalog/import-read.js';
import { carryToGates } from '../../core/store/catalog/sale-gates.js';
import { readNowMs } from '../../core/store/database.js';
import { addCommand, type Session } from '../command.js';
import type { CliContext } from '../context.js';
import { type ExitCode, exitCodes, refused } from '../exit.js';
import { type Out, table } from '../out.js';
import { type DirectStores, openStores, storeError } from '../stores.js';
import { localActor } from '../target.js';

/** A fault with the file that it is in. */
type FileFault = CatalogFault & { file: string };
type FileResult =
  | { file: string; ok: true; report: Extract<ImportReport, { ok: true }> }
  | { file: string; ok: false; faults: FileFault[] };

/** Catalog files go straight to the databases, so that importing needs no running api. */
export function addImportCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'import <file...>',
    summary: 'import catalog files (YAML or JSON); a faulty file changes nothing',
    examples: ['usher import examples/premiere.yaml', 'usher import halls.yaml shows.json --json'],
    run: async ({ args, out, context }) => {
      for (const file of args) {
        if (!existsSync(pathOf(file))) throw refused('no_file', `There is no file ${file}.`);
      }
      const stores = await openStores(context);
      try {
        const results: FileResult[] = [];
        for (const file of args) {
          const result = await importFile(stores, file, out);
          results.push(result);
          if (!result.ok) break;
        }
        return tell(results, out, context);
      } catch (error) {
        throw storeError(error);
      } finally {
        await stores.close();
      }
    },
  });
}

/** A relative name is looked up where the command was given, then in Usher's own folder. */
function pathOf(file: string): string {
  if (isAbsolute(file) || existsSync(file)) return resolve(file);
  return resolve(packageRoot, file);
}

async function importFile(stores: DirectStores, file: string, out: Out): Promise<FileResult> {
  const path = pathOf(file);
  const text = readFileSync(path, 'utf8');
  const format = path.endsWith('.json') ? 'json' : 'yaml';
  const parsed = parseCatalogFile(text, {
    format,
    now: await readNowMs(stores.catalog),
    readFile: (name) => readFileSync(resolve(dirname(path), name), 'utf8'),
    known: await readKnownCatalog(stores.catalog),
  });
  const faulty = (faults: CatalogFault[]): FileResult => ({
    file,
    ok: false,
    faults: faults.map((fault) => ({ file, ...fault })),
  });
  if (!parsed.ok) return faulty(parsed.faults);
  const report = await importCatalog(stores, parsed.catalog, {
    actor: localActor,
    onProgress: ({ text: step, done, total }) => {
      out.note(total > 0 ? `${file}: ${step} ${done} of ${total}` : `${file}: ${step}`);
    },
  });
  if (!report.ok) return faulty(placeFaults(text, format, report.faults));
  // New shows are made with open gates: those of a paused or closed sale are shut again.
  for (const saleId of new Set(parsed.catalog.shows.map((show) => show.sale))) {
    await carryToGates(stores, saleId);
  }
  return { file, ok: true, report };
}

function tell(results: FileResult[], out: Out, { stderr }: CliContext): ExitCode {
  const ok = results.every((result) => result.ok);
  out.result({ ok, files: results }, () => results.map(textOf).filter(Boolean).join('\n\n'));
  if (ok) return exitCodes.done;
  const faults = results.flatMap((result) => (result.ok ? [] : result.faults));
  if (!out.json) {
    for (const { file, line, column, field, message } of faults) {
      stderr.write(`${file}:${line}:${column} ${field}: ${message}\n`);
    }
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    stderr.write(`usher: ${count}; ${faults[0]?.file} changed nothing.\n`);
  }
  return exitCodes.refused;
}

function textOf(result: FileResult): string {
  if (!result.ok) return '';
  const { counts, showsMade, showsChanged, seatsMade, notes } = result.report;
  const rows = Object.entries(counts).map(([section, count]) => [
    section,
    count.added,
    count.changed,
    count.unchanged,
  ]);
  return [
    result.file,
    table(['', 'added', 'changed', 'unchanged'], rows),
    `${showsMade} shows made with ${seatsMade} seats, ${showsChanged} changed`,
    ...notes,
  ].join('\n');
}
