import { rmSync } from 'node:fs';

/** Stops the engines of this run and removes their data. */
// biome-ignore lint/style/noDefaultExport: Jest calls the default export.
export default async function globalTeardown() {
  const run = globalThis.usherTestRun;
  if (!run) return;
  await run.engines.stop();
  rmSync(run.dataDir, { recursive: true, force: true, maxRetries: 5 });
}
