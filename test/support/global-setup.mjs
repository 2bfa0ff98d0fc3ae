// One private MariaDB and one Redis for the whole run, under a temporary folder, whatever a local
// Usher is doing. Workers find them through environment variables.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = join(root, 'dist/core/runtime/engines.js');
const FOLDER_PREFIX = 'usher-test-run-';
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

// biome-ignore lint/style/noDefaultExport: Jest calls the default export.
export default async function globalSetup() {
  if (!existsSync(built)) {
    spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], {
      stdio: 'ignore',
    });
  }
  if (!existsSync(built)) throw new Error('Nothing is built yet. Run: npm test');
  const { startEngines, stopLeftEngines } = await import(built);
  const { findProgram } = await import(join(root, 'dist/core/runtime/engines-find.js'));
  const { isRunning, processRef } = await import(
    join(root, 'dist/core/runtime/engines-process.js')
  );
  await sweepDeadRuns(stopLeftEngines, isRunning);
  const dataDir = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  writeFileSync(join(dataDir, 'owner.json'), JSON.stringify(processRef(process.pid, 'node')));
  const engines = await startEngines({
    dataDir,
    env: process.env,
    databases: [],
    bufferPoolMb: 192,
    redoLogMb: 96,
  });
  process.env.USHER_TEST_MYSQL_ADMIN_URL = engines.mysqlUrl('');
  process.env.USHER_TEST_REDIS_URL = engines.redisUrl;
  process.env.USHER_TEST_CHROMIUM ??=
    findProgram(BROWSERS, process.env) ??
    (await import('playwright-core')).chromium.executablePath();
  globalThis.usherTestRun = { engines, dataDir };
  stopWithTheRun(engines, dataDir);
}

// A run that is interrupted gets no teardown, and engines run detached: whatever ends this
// process ends them too. They hold nothing worth keeping.
function stopWithTheRun(engines, dataDir) {
  const { mysql, redis } = engines.pids;
  process.once('exit', () => {
    if (!existsSync(dataDir)) return;
    for (const pid of [mysql, redis]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => process.exit(130));
  }
}

// A run that was killed outright is cleaned up by the next one.
async function sweepDeadRuns(stopLeftEngines, isRunning) {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(FOLDER_PREFIX)) continue;
    const dir = join(tmpdir(), name);
    try {
      if (statSync(dir).uid !== process.getuid?.()) continue;
      if (isRunning(JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')))) continue;
    } catch {
      continue;
    }
    await stopLeftEngines(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}
