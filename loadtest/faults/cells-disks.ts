// Full disks (3.3, 3.5): each engine on a small disk of its own, which something fills.
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { fillDisk, freeDisk } from '../stage/small-disk.js';
import { type Cell, type FaultRun, needs } from './cell.js';
import { withRedis } from './redis-doing.js';

const diskOf = ({ world }: FaultRun, name: 'mysql' | 'redis') =>
  join(world.usher.dataDir, 'engines', name);
const probeBytes = 200_000;
const probesMax = 40;

/** Writes rows of its own until the server says that there is no room, and takes them back. */
async function probeSql(run: FaultRun): Promise<void> {
  for (const uri of run.world.usher.shardUrls) {
    const connection = await mysql.createConnection({ uri });
    connection.on('error', () => undefined);
    try {
      await connection.query('CREATE TEMPORARY TABLE usher_probe (text LONGTEXT) ENGINE = InnoDB');
      for (let no = 0; no < probesMax && !run.notes.get('full'); no += 1) {
        await connection.query('INSERT INTO usher_probe VALUES (?)', ['x'.repeat(probeBytes)]);
      }
    } catch {
      run.note('full');
    } finally {
      connection.destroy();
    }
  }
}

/** Redis takes the first writes into its buffers; once it could not sync them it refuses. */
async function probeRedis(run: FaultRun): Promise<void> {
  await withRedis(run, async (redis) => {
    for (let no = 0; no < probesMax && !run.notes.get('full'); no += 1) {
      await redis
        .set('faults:probe', 'x'.repeat(probeBytes))
        .catch((error: Error) => run.note(error.message.includes('MISCONF') ? 'full' : 'torn'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

const fault = 'its disk is full';

export const diskCells: Cell[] = [
  {
    name: 'mysql-disk-full',
    part: 'SQL',
    fault,
    ground: 'small disks',
    inject: async (run) => {
      fillDisk(diskOf(run, 'mysql'));
      await probeSql(run);
    },
    holdMs: 3_000,
    heal: async (run) => freeDisk(diskOf(run, 'mysql')),
    idle: needs('full'),
  },
  {
    name: 'redis-disk-full',
    part: 'Redis',
    fault,
    ground: 'small disks',
    inject: async (run) => {
      fillDisk(diskOf(run, 'redis'));
      await probeRedis(run);
    },
    holdMs: 2_500,
    heal: async (run) => freeDisk(diskOf(run, 'redis')),
    idle: needs('full'),
  },
];
