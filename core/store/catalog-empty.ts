import { openDatabase, usualLimits } from './database.js';

/** True when the catalog has no movie yet, so that an example may be put into it. */
export async function isCatalogEmpty(catalogUrl: string): Promise<boolean> {
  const catalog = openDatabase(catalogUrl, { ...usualLimits, connections: 1 });
  try {
    const rows = await catalog.rows('SELECT movie_id FROM movies LIMIT 1');
    return rows.length === 0;
  } finally {
    await catalog.close();
  }
}
