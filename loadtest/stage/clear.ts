// `node dist/loadtest/stage/clear.js FOLDER…`: stops what runs in a run's folders and removes them.
import { clearScratch } from './scratch.js';

// The Ctrl-C that ended the run must not end its clearing up.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
for (const dir of process.argv.slice(2)) await clearScratch(dir);
