// Second step of the build: what the compiler leaves alone (Lua, templates, fonts) goes into dist
// beside the code that reads it, and what no longer has a source goes out of dist.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const folders = [
  'api',
  'admission',
  'processor',
  'cli',
  'loadtest',
  'core',
  'sandbox',
  'mailbox',
  'simulate',
];
const NOT_ASSETS = /\.(ts|tsx|md)$/;

function* filesUnder(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

function copyAssets(folder) {
  for (const source of filesUnder(join(root, folder))) {
    if (NOT_ASSETS.test(source)) continue;
    const target = join(dist, relative(root, source));
    const old = statSync(target, { throwIfNoEntry: false });
    const fresh = statSync(source);
    if (old && old.size === fresh.size && old.mtimeMs >= fresh.mtimeMs) continue;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
  }
}

// A leftover of a renamed file would still be importable, and hide a wrong import until release.
function removeLeftovers(folder) {
  const built = join(dist, folder);
  if (!existsSync(built)) return;
  for (const file of filesUnder(built)) {
    const source = join(root, relative(dist, file));
    const fromTypeScript = source.replace(/\.js(\.map)?$/, '.ts');
    if (!existsSync(source) && !existsSync(fromTypeScript)) rmSync(file);
  }
}

for (const folder of folders) {
  if (existsSync(join(root, folder))) copyAssets(folder);
  removeLeftovers(folder);
}
