// Calendar clocks of engines that jump and jump back (3.3, 3.5); every engine has one of its own.
import type { RowDataPacket } from 'mysql2/promise';
import { type Cell, type FaultRun, needs, slowPerMinute } from './cell.js';
import { noteUnready } from './doing.js';
import { withRedis } from './redis-doing.js';

type Engine = 'mysql' | 'redis';

const jumpMs = 30_000;
/** What lies between asking an engine for its time and its answer. */
const askMsMax = 5_000;

async function clockOf(run: FaultRun, engine: Engine): Promise<number> {
  if (engine === 'redis') {
    const [seconds] = await withRedis(run, (redis) => redis.time());
    return Number(seconds) * 1_000;
  }
  const sql = 'SELECT UNIX_TIMESTAMP(NOW(3)) * 1000 AS ms';
  const [[row]] = await run.world.sql().query<RowDataPacket[]>(sql);
  return Number(row?.ms);
}

async function jump(run: FaultRun, engine: Engine, byMs: number): Promise<void> {
  run.world.usher.clocks?.move(engine, byMs);
  const offMs = (await clockOf(run, engine)) - Date.now();
  if (Math.abs(offMs - byMs) < askMsMax) run.note('jumped');
  // Programs compare their clock with the database's again and again, with that of Redis at the start.
  if (engine === 'mysql') await noteUnready(run);
}

function clockCell(engine: Engine, byMs: number): Cell {
  const [first, then] = byMs > 0 ? ['ahead', 'back'] : ['back', 'ahead'];
  return {
    name: `${engine}-clock-${byMs > 0 ? 'fast' : 'slow'}`,
    part: engine === 'mysql' ? 'SQL' : 'Redis',
    fault: `its clock jumps half a minute ${first}, and later ${then} again`,
    ground: 'own clocks',
    clockMs: jumpMs + askMsMax,
    inject: (run) => jump(run, engine, byMs),
    // The room's clock is made from that of Redis: a step of it may let nobody in.
    ...(engine === 'redis' ? { ratePerMinute: slowPerMinute } : {}),
    holdMs: 4_000,
    longHoldMs: 15_000,
    idle: engine === 'mysql' ? needs('jumped', 'unready') : needs('jumped'),
  };
}

export const clockCells: Cell[] = (['mysql', 'redis'] as const).flatMap((engine) => [
  clockCell(engine, jumpMs),
  clockCell(engine, -jumpMs),
]);
