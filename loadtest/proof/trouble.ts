// What is wrong in the surroundings of some planted bugs, which a build without the bug must bear.
import type { RowDataPacket } from 'mysql2/promise';
import mysql from 'mysql2/promise';
import type { PrivateUsher } from '../stage/private-usher.js';
import { sleep } from '../stage/programs.js';
import type { Bug } from './bug.js';

const lockMs = 80;

/** Begins the trouble; it lasts until `end`. */
export function makeTrouble(
  usher: PrivateUsher,
  kind: Bug['trouble'],
  saleId: string,
): { end(): Promise<void> } {
  let over = false;
  const work =
    kind === 'seat locks held by others'
      ? holdSeatLocks(usher, saleId, () => over)
      : Promise.resolve();
  return {
    end: async () => {
      over = true;
      await work;
    },
  };
}

/** Somebody reads seats with locks, as a report or a maintenance script would. */
async function holdSeatLocks(
  usher: PrivateUsher,
  saleId: string,
  over: () => boolean,
): Promise<void> {
  await Promise.all(usher.shardUrls.map((uri) => holdOn(uri, saleId, over)));
}

async function holdOn(uri: string, saleId: string, over: () => boolean): Promise<void> {
  const connection = await mysql.createConnection({ uri });
  while (!over()) {
    await connection.query('START TRANSACTION');
    // Chosen as a deadlock's victim it has no locks left, and simply tries again.
    await connection
      .query<RowDataPacket[]>(
        `SELECT s.seat_no FROM show_gate g STRAIGHT_JOIN show_seat s ON s.show_id = g.show_id
         WHERE g.sale_id = ? FOR UPDATE`,
        [saleId],
      )
      .catch(() => undefined);
    await sleep(lockMs);
    await connection.query('ROLLBACK');
    await sleep(lockMs);
  }
  await connection.end();
}
