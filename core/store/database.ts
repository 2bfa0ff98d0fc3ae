import knexFactory, { type Knex } from 'knex';
// The callback form: the promise form records a stack trace for every statement, which was a tenth
// of the processor's time in a rush.
import mysql, {
  type Pool,
  type PoolConnection,
  type QueryError,
  type ResultSetHeader,
} from 'mysql2';

export type { Knex };

/** Plain values that a statement may be given. */
export type SqlValue = string | number | Date | Buffer | null | SqlValue[];

/** Anything that runs statements: a pool for single ones, or a transaction. */
export type Queryable = {
  rows<T>(sql: string, params?: SqlValue[]): Promise<T[]>;
  /** Runs a change and returns the rows that it matched, with the first generated id. */
  change(sql: string, params?: SqlValue[]): Promise<{ matched: number; insertId: number }>;
  /** Runs statements in their order, in one round trip where the pool allows it; see one-trip.ts. */
  say(statements: Statement[]): Promise<unknown[]>;
};

export type Statement = { sql: string; params: SqlValue[] };

declare const txMark: unique symbol;

/** An open transaction. Functions that write take one, so none runs outside by oversight. */
export type Tx = Queryable & { readonly [txMark]: true };

export type Database = Queryable & {
  transaction<T>(work: (tx: Tx) => Promise<T>, retries?: Retries): Promise<T>;
  close(): Promise<void>;
};

/** Which failures a transaction is tried again after: all that undo it, or deadlocks alone. */
export type Retries = 'all' | 'deadlocks';

export type DatabaseLimits = {
  connections: number;
  /** How long a statement may wait for a row lock. */
  lockWaitSeconds: number;
  /** After this much silence the server drops the connection and with it its locks. */
  idleSeconds: number;
  /** Several statements may travel in one packet: only for pools of the hot path. */
  oneTrip?: boolean;
  /** READ COMMITTED without it; the other is for a bench. */
  isolation?: 'READ COMMITTED' | 'SERIALIZABLE';
};

export const lanesLimits: DatabaseLimits = {
  connections: 20,
  lockWaitSeconds: 1,
  idleSeconds: 5,
  oneTrip: true,
};
/** For the journal inserts of an api process: one statement per shard is under way at a time. */
export const acceptLimits: DatabaseLimits = {
  connections: 4,
  lockWaitSeconds: 3,
  idleSeconds: 600,
  oneTrip: true,
};
export const usualLimits: DatabaseLimits = {
  connections: 20,
  lockWaitSeconds: 3,
  idleSeconds: 600,
};

/** What every connection must stand on: one isolation level, UTC, refusing bad values. */
export const sessionMode =
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'";

/** Opens a pool of connections to one database. Every one reads committed rows only. */
export function openDatabase(url: string, limits: DatabaseLimits = usualLimits): Database {
  const pool = mysql.createPool({
    uri: mysqlUri(url),
    connectionLimit: limits.connections,
    // Below the limit, or the pool would never let idle connections go before the server does.
    maxIdle: Math.max(1, limits.connections - 1),
    idleTimeout: Math.max(1_000, (limits.idleSeconds - 2) * 1_000),
    timezone: 'Z',
    charset: 'utf8mb4_bin',
    flags: ['FOUND_ROWS'],
    enableKeepAlive: true,
    connectTimeout: 3_000,
    supportBigNumbers: true,
    jsonStrings: true,
    multipleStatements: limits.oneTrip ?? false,
  });
  pool.on('connection', (connection) => {
    connection.query(sessionStatement(limits));
    connection.query(isolationStatement(limits));
  });
  return {
    ...queryable(sayOn(pool, limits)),
    transaction: (work, retries = 'all') => runTransaction(pool, limits, work, retries),
    close: () => settled((done) => pool.end(done)),
  };
}

/** The pool of a database as knex, for catalog reads and simple writes that need no locks. */
export function openKnex(url: string, limits: DatabaseLimits = usualLimits): Knex {
  return knexFactory({
    client: 'mysql2',
    connection: {
      uri: mysqlUri(url),
      timezone: 'Z',
      // knex writes this name into its own tables, so it must be one of a character set.
      charset: 'utf8mb4',
      flags: ['FOUND_ROWS'],
    },
    pool: {
      min: 0,
      max: limits.connections,
      afterCreate: (
        connection: { query(sql: string, done: (error: Error | null) => void): void },
        done: (error: Error | null, connection: unknown) => void,
      ) => {
        connection.query(sessionStatement(limits), (error) => {
          if (error) return done(error, connection);
          connection.query(isolationStatement(limits), (failed) => done(failed, connection));
        });
      },
    },
    acquireConnectionTimeout: 5_000,
  });
}

function isolationStatement({ isolation = 'READ COMMITTED' }: DatabaseLimits): string {
  return `SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`;
}

function sessionStatement(limits: DatabaseLimits): string {
  return `${sessionMode}, innodb_lock_wait_timeout = ${limits.lockWaitSeconds}, wait_timeout = ${limits.idleSeconds}`;
}

/** mysql2 knows only its own scheme, operators write either. */
function mysqlUri(url: string): string {
  return url.replace(/^mariadb:/, 'mysql:');
}

type Say = Queryable['say'];

function queryable(say: Say): Queryable {
  return {
    say,
    rows: async <T>(sql: string, params: SqlValue[] = []) =>
      (await say([{ sql, params }]))[0] as T[],
    change: async (sql, params = []) => toChange((await say([{ sql, params }]))[0]),
  };
}

/** What a change did, from the driver's answer. */
export function toChange(result: unknown): { matched: number; insertId: number } {
  const { affectedRows, insertId } = result as ResultSetHeader;
  return { matched: affectedRows, insertId };
}

function sayOn(connection: Pool | PoolConnection, limits: DatabaseLimits): Say {
  return async (statements) => {
    const [only] = statements;
    if (limits.oneTrip && statements.length > 1) {
      const text = statements.map(({ sql, params }) => mysql.format(sql, params, false, 'Z'));
      return (await ask(connection, text.join(';\n'))) as unknown[];
    }
    if (only && statements.length === 1) return [await ask(connection, only.sql, only.params)];
    const results: unknown[] = [];
    for (const { sql, params } of statements) results.push(await ask(connection, sql, params));
    return results;
  };
}

/** Opens the transaction with its first statement, which saves a round trip. */
function beginning(say: Say): Say {
  let begun = false;
  return async (statements) => {
    if (begun) return say(statements);
    begun = true;
    return (await say([{ sql: 'START TRANSACTION', params: [] }, ...statements])).slice(1);
  };
}

function ask(
  connection: Pool | PoolConnection,
  sql: string,
  params?: SqlValue[],
): Promise<unknown> {
  // Null says that the text is complete: without it the driver looks through all of a batch's text
  // for places to put values into.
  return settled((done) => connection.query(sql, params ?? null, done));
}

/** Turns a callback into a promise. */
function settled<T>(
  start: (done: (error: QueryError | NodeJS.ErrnoException | null, value?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

const retriesMax = 5;
const retryPauseMsMax = 60;

/**
 * Runs the whole work again when the engine chose it as a deadlock victim (1213), when its
 * snapshot aged (1020), or when a lock wait ran out (1205, which leaves the transaction open, so
 * it is rolled back first). Anything else ends it. The pause before a retry is random, so that
 * two rivals don't meet again.
 */
async function runTransaction<T>(
  pool: Pool,
  limits: DatabaseLimits,
  work: (tx: Tx) => Promise<T>,
  retries: Retries,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    const connection = await settled<PoolConnection>((done) => pool.getConnection(done));
    try {
      const result = await work(queryable(beginning(sayOn(connection, limits))) as Tx);
      await ask(connection, 'COMMIT');
      connection.release();
      return result;
    } catch (error) {
      await giveBack(connection);
      const again = isRetryable(error) && (retries === 'all' || !isLockWait(error));
      if (!again || tried >= retriesMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * retryPauseMsMax));
    }
  }
}

/** A connection whose rollback fails has unknown state, so it is thrown away, never reused. */
async function giveBack(connection: PoolConnection): Promise<void> {
  try {
    await ask(connection, 'ROLLBACK');
    connection.release();
  } catch {
    connection.destroy();
  }
}

type SqlError = Error & { errno?: number; code?: string; fatal?: boolean };

export function isRetryable(error: unknown): boolean {
  const errno = (error as SqlError).errno;
  return errno === 1213 || errno === 1020 || errno === 1205;
}

/** The row lock did not come in time; the transaction is still open with its earlier writes. */
export function isLockWait(error: unknown): boolean {
  return (error as SqlError).errno === 1205;
}

export function isDuplicateKey(error: unknown, key?: string): boolean {
  const sqlError = error as SqlError;
  return sqlError.errno === 1062 && (key === undefined || sqlError.message.includes(key));
}

/** True when the database couldn't be asked at all, so that nothing is known of the outcome. */
export function isUnreachable(error: unknown): boolean {
  const { code, errno, fatal } = error as SqlError;
  return (
    // A command for a connection that has just closed: the driver gives it no code.
    (fatal === true && code === undefined) ||
    code === 'PROTOCOL_CONNECTION_LOST' ||
    code === 'ECONNREFUSED' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    code === 'ETIMEDOUT' ||
    code === 'ENOENT' ||
    code === 'ENOTFOUND' ||
    code === 'EAI_AGAIN' ||
    code === 'EHOSTUNREACH' ||
    code === 'ENETUNREACH' ||
    code === 'POOL_CLOSED' ||
    errno === 1927 ||
    errno === 1053 ||
    errno === 4031 ||
    errno === 3024 ||
    errno === 1040
  );
}

/** The database's clock in milliseconds since 1970; read after the locks, it is a decision's time. */
export async function readNowMs(db: Queryable): Promise<number> {
  const [row] = await db.rows<{ now: string }>('SELECT UNIX_TIMESTAMP(NOW(3)) AS now');
  return Math.round(Number(row?.now) * 1000);
}
