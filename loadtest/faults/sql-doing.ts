import type { Connection, RowDataPacket } from 'mysql2/promise';
import mysql from 'mysql2/promise';
import { sleep } from '../stage/programs.js';
import type { FaultRun } from './cell.js';

async function withShard(
  { world }: FaultRun,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  await Promise.all(
    world.usher.shardUrls.map(async (uri) => {
      const connection = await mysql.createConnection({ uri });
      connection.on('error', () => undefined);
      try {
        await work(connection);
      } finally {
        connection.destroy();
      }
    }),
  );
}

/** Locks seats before heads, which is the wrong way round, so that deadlocks must follow. */
export async function deadlockStorm(run: FaultRun, msMax: number): Promise<void> {
  const untilMs = performance.now() + msMax;
  await withShard(run, async (connection) => {
    await connection.query('SET SESSION innodb_lock_wait_timeout = 1');
    while (performance.now() < untilMs) {
      try {
        await connection.query('START TRANSACTION');
        await connection.query(
          `SELECT s.seat_no FROM show_seat s JOIN show_gate g ON g.show_id = s.show_id
           WHERE g.sale_id = ? AND s.seat_no < 40 FOR UPDATE`,
          [run.saleId],
        );
        run.note('locked');
        await sleep(40);
        await connection.query(
          `SELECT h.show_id FROM show_head h JOIN show_gate g ON g.show_id = h.show_id
           WHERE g.sale_id = ? FOR UPDATE`,
          [run.saleId],
        );
        await sleep(20);
      } catch {
        run.note('refused');
      }
      await connection.query('ROLLBACK');
      await sleep(60);
    }
  });
}

export async function holdRows(run: FaultRun, ms: number): Promise<void> {
  await withShard(run, async (connection) => {
    await connection.query('START TRANSACTION');
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT h.show_id FROM show_head h JOIN show_gate g ON g.show_id = h.show_id
       WHERE g.sale_id = ? FOR UPDATE`,
      [run.saleId],
    );
    run.note('held', rows.length);
    await sleep(ms);
    await connection.query('ROLLBACK');
  });
}

export async function killConnections(run: FaultRun, msMax: number): Promise<void> {
  const untilMs = performance.now() + msMax;
  const connection = run.world.sql();
  const [[own]] = await connection.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
  while (performance.now() < untilMs) {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT ID AS id FROM information_schema.PROCESSLIST
       WHERE ID <> ? AND DB IS NOT NULL AND COMMAND <> 'Sleep'`,
      [own?.id ?? 0],
    );
    const victim = run.random.pick(rows);
    if (victim) {
      await connection.query(`KILL ${Number(victim.id)}`).catch(() => undefined);
      run.note('killed');
    }
    await sleep(30);
  }
}
