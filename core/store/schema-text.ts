import type { Queryable } from './database.js';

type Reader = Pick<Queryable, 'rows'>;

type Column = {
  name: string;
  type: string;
  nullable: string;
  value: string | null;
  extra: string;
  charset: string | null;
};
type Index = { name: string; unique_key: number; own_columns: string };
type Check = { name: string; clause: string };
type Reference = { name: string; own_columns: string; other: string; other_columns: string };

/** What the migration tool writes for itself. */
const ownTables = ['migrations', 'migrations_lock'];

/**
 * The tables of a database as CREATE statements, read from the server's own catalog and written in
 * one form whatever server answers: MySQL and MariaDB show the same schema in different words.
 */
export async function readSchemaText(db: Reader): Promise<string> {
  const tables = await db.rows<{ name: string }>(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT IN (?) ORDER BY TABLE_NAME`,
    [ownTables],
  );
  const texts: string[] = [];
  for (const { name } of tables) texts.push(await tableText(db, name));
  return texts.join('\n');
}

async function tableText(db: Reader, table: string): Promise<string> {
  const checks = await readChecks(db, table);
  const columns = await db.rows<Column>(
    `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable,
       COLUMN_DEFAULT AS value, EXTRA AS extra, CHARACTER_SET_NAME AS charset
     FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [table],
  );
  const indexes = await db.rows<Index>(
    `SELECT INDEX_NAME AS name, 1 - MIN(NON_UNIQUE) AS unique_key,
       GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX SEPARATOR ', ') AS own_columns
     FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? GROUP BY INDEX_NAME`,
    [table],
  );
  const references = await db.rows<Reference>(
    `SELECT CONSTRAINT_NAME AS name, MIN(REFERENCED_TABLE_NAME) AS other,
       GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR ', ') AS own_columns,
       GROUP_CONCAT(REFERENCED_COLUMN_NAME ORDER BY ORDINAL_POSITION SEPARATOR ', ') AS other_columns
     FROM information_schema.KEY_COLUMN_USAGE
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL
     GROUP BY CONSTRAINT_NAME`,
    [table],
  );
  const json = new Set(checks.filter(isJsonCheck).map((check) => check.name));
  const parts = [
    ...columns.map((column) => columnText(column, json.has(column.name))),
    ...indexes.map(indexText).sort(byRank),
    ...checks
      .filter((check) => !isJsonCheck(check))
      .map(({ name, clause }) => `CONSTRAINT ${name} CHECK (${checkText(clause)})`)
      .sort(),
    ...references
      .map(
        ({ name, own_columns, other, other_columns }) =>
          `CONSTRAINT ${name} FOREIGN KEY (${own_columns}) REFERENCES ${other} (${other_columns})`,
      )
      .sort(),
  ];
  return `CREATE TABLE ${table} (\n${parts.map((part) => `  ${part}`).join(',\n')}\n);\n`;
}

async function readChecks(db: Reader, table: string): Promise<Check[]> {
  return db.rows<Check>(
    `SELECT c.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS clause
     FROM information_schema.TABLE_CONSTRAINTS t
     JOIN information_schema.CHECK_CONSTRAINTS c
       ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
     WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ? AND t.CONSTRAINT_TYPE = 'CHECK'`,
    [table],
  );
}

/** MariaDB keeps JSON as text that a constraint of the column's name checks. */
function isJsonCheck({ name, clause }: Check): boolean {
  return new RegExp(`^\\(?json_valid\\(\`${name}\`\\)\\)?$`, 'i').test(clause);
}

function columnText(column: Column, isJson: boolean): string {
  const words = [column.name, isJson ? 'json' : typeText(column.type)];
  if (column.charset === 'ascii') words.push('CHARACTER SET ascii');
  if (column.nullable === 'NO') words.push('NOT NULL');
  const value = defaultText(column.value);
  if (value !== undefined) words.push(`DEFAULT ${value}`);
  if (/auto_increment/i.test(column.extra)) words.push('AUTO_INCREMENT');
  return words.join(' ');
}

/** MariaDB shows a display width that MySQL has dropped, but for tinyint(1). */
function typeText(type: string): string {
  return type.replace(/\b((?:small|medium|big)?int|tinyint(?!\(1\)))\(\d+\)/g, '$1');
}

/** MySQL gives texts without their quotes, MariaDB with them, and NULL as a word. */
function defaultText(value: string | null): string | undefined {
  if (value === null || value === 'NULL') return undefined;
  if (/^current_timestamp/i.test(value)) return value.toUpperCase();
  const bare = value.replace(/^'(.*)'$/, '$1');
  return /^\d+$/.test(bare) ? bare : `'${bare}'`;
}

function indexText({ name, unique_key, own_columns }: Index): string {
  if (name === 'PRIMARY') return `PRIMARY KEY (${own_columns})`;
  return `${unique_key ? 'UNIQUE ' : ''}KEY ${name} (${own_columns})`;
}

function byRank(a: string, b: string): number {
  const rank = (text: string): number =>
    ['PRIMARY', 'UNIQUE', 'KEY'].indexOf(text.split(' ')[0] ?? '');
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** The condition without marks of quoting and character sets, and without needless brackets. */
function checkText(clause: string): string {
  const plain = clause
    .replace(/`/g, '')
    .replace(/\\'/g, "'")
    .replace(/_(utf8mb4|ascii)'/g, "'")
    .replace(/\s+/g, ' ')
    .replace(/,\s*/g, ', ')
    .replace(/\b(in|is|not|null|and|or)\b/gi, (word) => word.toUpperCase())
    .replace(/\bIN\s*\(/g, 'IN (')
    .replace(/\s*=\s*/g, ' = ');
  return bracketless(plain);
}

/** MySQL puts brackets around every comparison, MariaDB only where they are needed. */
function bracketless(clause: string): string {
  const outer = /^\((.*)\)$/.exec(clause)?.[1];
  if (outer !== undefined && isBalanced(outer)) return bracketless(outer);
  const sides = /^\((.*)\) = \((.*)\)$/.exec(clause);
  if (!sides) {
    const left = /^(.*) = \((.*)\)$/.exec(clause);
    return left ? `(${left[1]}) = (${left[2]})` : clause;
  }
  return clause;
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
