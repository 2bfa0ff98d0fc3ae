// I40, I41: spot checks that sealed columns hold sealed values and open ones no addresses.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';

const mailPattern = '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+[.][A-Za-z]{2,}';
const spotRowsMax = 20_000;

/** Columns in which nobody's mail address may ever stand. */
const openColumns = {
  catalog: [
    ['audit', 'before_value'],
    ['audit', 'after_value'],
  ],
  shard: [
    ['show_log', 'detail'],
    ['outbox', 'payload'],
    ['request', 'wish'],
  ],
} as const;

export async function checkOpenColumns(
  database: Snapshot,
  kind: 'catalog' | 'shard',
  where: string,
  findings: Findings,
): Promise<void> {
  for (const [table, column] of openColumns[kind]) {
    const [row] = await database.rows<{ hits: number; looked: number }>(
      `SELECT COUNT(*) AS looked, COALESCE(SUM(spot.value REGEXP ?), 0) AS hits
       FROM (SELECT CAST(${column} AS CHAR) AS value FROM ${table} LIMIT ${spotRowsMax}) AS spot`,
      [mailPattern],
    );
    findings.checked('I40', Number(row?.looked ?? 0));
    if (Number(row?.hits ?? 0) === 0) continue;
    findings.add({
      rule: 'I40',
      where,
      text: `${row?.hits} rows of ${table}.${column} hold a mail address in clear`,
      rows: [],
      cause: 'a whole object was written where its ids belong',
    });
  }
}

type Sealed = { id: string; value: Buffer | null };

/** Sealed values begin with the length of a key id, the id, and a nonce of 12 bytes. */
export async function checkSealed(catalog: Snapshot, findings: Findings): Promise<void> {
  const columns = [
    ['fans', 'fan_id', 'data_key'],
    ['fans', 'fan_id', 'email'],
    ['fans', 'fan_id', 'name'],
    ['fans', 'fan_id', 'phone'],
    ['sales', 'sale_id', 'seed_sealed'],
  ] as const;
  for (const [table, key, column] of columns) {
    const rows = await catalog.rows<Sealed>(
      `SELECT ${key} AS id, ${column} AS value FROM ${table} WHERE LENGTH(${column}) > 0
       LIMIT ${spotRowsMax}`,
    );
    findings.checked('I41', rows.length);
    const nonces = new Map<string, string>();
    for (const { id, value } of rows) {
      const name = `${table}.${column}(${id})`;
      const head = value === null ? undefined : headOf(value);
      if (!head) {
        add(findings, `${name} is not a sealed value`, [name], 'it was written in clear or cut');
        continue;
      }
      // The data key of a person is theirs alone; only wrapping keys are shared by many rows.
      const nonce = column === 'data_key' || table === 'sales' ? head : `${id} ${head}`;
      const other = nonces.get(nonce);
      nonces.set(nonce, name);
      if (other)
        add(
          findings,
          'two values share a key and a nonce',
          [other, name],
          'a nonce was not random, or a row was copied',
        );
    }
  }
}

function headOf(value: Buffer): string | undefined {
  const length = value[0] ?? 0;
  const kid = value.subarray(1, 1 + length).toString('latin1');
  const whole = value.length > 1 + length + 12 + 16;
  if (length < 1 || length > 8 || !whole || !/^[a-z0-9]+$/.test(kid)) return undefined;
  return `${kid} ${value.subarray(1 + length, 13 + length).toString('hex')}`;
}

function add(findings: Findings, text: string, rows: string[], cause: string): void {
  findings.add({ rule: 'I41', where: 'catalog', text, rows, cause });
}
