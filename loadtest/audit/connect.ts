// The auditor opens its own connections with mysql2, which otherwise lives in core/store alone: it
// judges what the store did, so it must not share a line with it.
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';

/** Reads of one moment: everything asked through it sees the same committed state. */
export type Snapshot = {
  rows<T>(sql: string, params?: unknown[]): Promise<T[]>;
  /** The database's clock when the snapshot was taken, milliseconds since 1970. */
  nowMs: number;
  close(): Promise<void>;
};

/** Opens a read-only snapshot; the auditor never writes. */
export async function openSnapshot(url: string): Promise<Snapshot> {
  const connection = await createConnection({
    uri: url.replace(/^mariadb:/, 'mysql:'),
    timezone: 'Z',
    charset: 'utf8mb4_bin',
    supportBigNumbers: true,
    jsonStrings: true,
    connectTimeout: 5_000,
  });
  try {
    await connection.query("SET SESSION time_zone = '+00:00'");
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    const [row] = await ask<{ now: string }>(connection, 'SELECT UNIX_TIMESTAMP(NOW(3)) AS now');
    return {
      rows: (sql, params) => ask(connection, sql, params),
      nowMs: Math.round(Number(row?.now) * 1_000),
      close: () => connection.end(),
    };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

async function ask<T>(connection: Connection, sql: string, params: unknown[] = []): Promise<T[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql, params);
  return rows as T[];
}
