import { assertFooting, type Footing, footing } from '../domain/footing.js';
import type { Database } from './database.js';

const clockSkewMsMax = 1_000;

type Settings = {
  version: string;
  isolation: string;
  flush: number;
  mode: string;
  zone: string;
  nowMs: string;
};

/**
 * What a database must be like for the promises to hold: commits on disk before they are answered,
 * committed rows only, refusing bad values, a clock near this machine's.
 * @throws when the database can't be asked.
 */
export async function checkDatabase(
  database: Database,
  name: string,
  level = 'READ COMMITTED',
): Promise<Footing[]> {
  const beforeMs = Date.now();
  const [row] = await database.rows<Settings>(
    `SELECT VERSION() AS version, @@SESSION.sql_mode AS mode, @@SESSION.time_zone AS zone,
       @@GLOBAL.innodb_flush_log_at_trx_commit AS flush,
       UNIX_TIMESTAMP(NOW(3)) * 1000 AS nowMs, '' AS isolation`,
  );
  const [isolation] = await database.rows<{ Value: string }>(
    "SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
  );
  const checks = await database.rows<{ Value: string }>(
    "SHOW VARIABLES LIKE 'check_constraint_checks'",
  );
  const skewMs = Math.round(Number(row?.nowMs) - (beforeMs + Date.now()) / 2);
  const strict = /STRICT_ALL_TABLES|STRICT_TRANS_TABLES/.test(row?.mode ?? '');
  return [
    footing(
      `${name}: flush at commit`,
      Number(row?.flush) === 1,
      `innodb_flush_log_at_trx_commit = ${row?.flush}`,
      'Set innodb_flush_log_at_trx_commit = 1 in the server, or a crash loses confirmed bookings.',
    ),
    footing(
      `${name}: isolation`,
      isolation?.Value === level.replace(' ', '-'),
      String(isolation?.Value),
      'A proxy between Usher and MySQL changes the session; let SET SESSION through.',
    ),
    footing(
      `${name}: strict mode`,
      strict,
      strict ? 'bad values are refused' : `sql_mode = ${row?.mode}`,
      'A proxy between Usher and MySQL changes the session; let SET SESSION through.',
    ),
    footing(
      `${name}: CHECK constraints`,
      checks.every((one) => one.Value === 'ON'),
      checks.every((one) => one.Value === 'ON') ? 'enforced' : 'not enforced',
      'SET GLOBAL check_constraint_checks = 1, and in the configuration file.',
    ),
    footing(
      `${name}: clock`,
      Math.abs(skewMs) <= clockSkewMsMax,
      `${skewMs} ms from this machine`,
      'Set the clocks of both machines by NTP.',
    ),
  ];
}

/** @throws Error when the database is not as the promises need it. */
export async function assertDatabase(
  database: Database,
  name: string,
  level?: string,
): Promise<void> {
  assertFooting(await checkDatabase(database, name, level));
}
