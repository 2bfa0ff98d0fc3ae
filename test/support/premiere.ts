import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCatalogFile } from '../../core/domain/catalog-file.js';
import type { Catalog } from '../../core/domain/catalog-file-types.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { readKnownCatalog } from '../../core/store/catalog/import-read.js';
import type { TestStores } from './stores.js';

/** Reads the example catalog as an import of this moment would. */
export async function readPremiere(stores: Pick<TestStores, 'catalog'>): Promise<Catalog> {
  const folder = join(packageRoot, 'examples');
  const parsed = parseCatalogFile(readFileSync(join(folder, 'premiere.yaml'), 'utf8'), {
    format: 'yaml',
    now: Date.now(),
    known: await readKnownCatalog(stores.catalog),
    readFile: (path) => readFileSync(join(folder, path), 'utf8'),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.catalog;
}
