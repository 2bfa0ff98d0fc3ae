// Every statement on a shard names its shows; docs/locking.md lists the few that can't.
import { describe, expect, it } from '@jest/globals';
import { codesIn, isTest, readText, type Source, sourcesUnder, tableBelow } from './sources.js';

type Statement = { file: string; inFunction: string; sql: string };

/** The texts in quotes of a source, with where each begins; comments are passed over. */
function textsIn(source: string): { at: number; text: string }[] {
  const texts: { at: number; text: string }[] = [];
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;
  for (const match of source.matchAll(token)) {
    if (!match[0].startsWith('/')) texts.push({ at: match.index, text: match[0].slice(1, -1) });
  }
  return texts;
}

/** Puts constants of the same file into a statement, such as its list of columns. */
function filled(sql: string, source: string): string {
  return sql.replace(/\$\{(\w+)\}/g, (whole, name: string) => {
    const constant = new RegExp(`const ${name}(?:: string)? =\\s*(['"\`])([\\s\\S]*?)\\1`).exec(
      source,
    );
    return constant?.[2] ?? whole;
  });
}

function isStatement(text: string): boolean {
  return (
    /^\s*(SELECT|INSERT|DELETE|REPLACE)\b[\s\S]*\b(FROM|INTO)\b/.test(text) ||
    /^\s*UPDATE\b[\s\S]*\bSET\b/.test(text) ||
    /^\$\{\w+\} INTO\b/.test(text)
  );
}

function statementsOf({ path, text }: Source): Statement[] {
  const functions = [...text.matchAll(/^(?:export )?(?:async )?function (\w+)/gm)];
  return textsIn(text)
    .filter((entry) => isStatement(entry.text))
    .map((entry) => ({
      file: path,
      inFunction: functions.findLast((one) => one.index < entry.at)?.[1] ?? '',
      sql: filled(entry.text, text),
    }));
}

/** Compared with given shows, joined from a list of them, or written into the rows. */
function namesShows(sql: string): boolean {
  return (
    /\bshow_id\s*(=|IN)\s*\(?\s*\?/i.test(sql) ||
    /\bshow_id INT UNSIGNED PATH\b/i.test(sql) ||
    /^\s*(INSERT|REPLACE|\$\{\w+\})[^(]*\([^)]*\bshow_id\b/i.test(sql)
  );
}

const shardSources = sourcesUnder(['core/store/shard'], ['.ts']).filter(
  (source) => !isTest(source),
);
const statements = shardSources.flatMap(statementsOf);

describe('statements on shards', () => {
  it('find what they write by key, so that a short table is not locked whole', () => {
    const joined = statements.filter(({ sql }) => /^\s*UPDATE JSON_TABLE\b/.test(sql));
    expect(joined.length).toBeGreaterThan(5);
    const loose = joined.filter(({ sql }) => !/STRAIGHT_JOIN \w+ \w+ FORCE INDEX/.test(sql));
    expect(loose).toEqual([]);
  });

  it('are found', () => {
    expect(statements.length).toBeGreaterThan(50);
    expect(statements.filter(({ inFunction }) => inFunction === '')).toEqual([]);
  });

  it('name the shows that they are about, or are listed with a reason', () => {
    const listed = tableBelow(readText('docs/locking.md'), 'Statements over a whole shard').map(
      ([name, file, , reason]) => {
        expect((reason ?? '').length).toBeGreaterThan(20);
        return `${codesIn(file)[0]} ${codesIn(name)[0]}`;
      },
    );
    const wide = statements
      .filter(({ sql }) => !namesShows(sql))
      .map(({ file, inFunction }) => `${file} ${inFunction}`);
    expect([...new Set(wide)].sort()).toEqual(listed.sort());
  });

  it('lock the rows of a list inside a derived table, which MySQL and MariaDB both take', () => {
    const locking = statements.filter(
      ({ sql }) => /\bJSON_TABLE\b/.test(sql) && /FOR UPDATE|LOCK IN SHARE MODE/.test(sql),
    );
    expect(locking.length).toBeGreaterThan(2);
    const bare = locking.filter(({ sql }) => !/(FOR UPDATE|LOCK IN SHARE MODE)\s*\)/.test(sql));
    expect(bare.map(({ file, inFunction }) => `${file} ${inFunction}`)).toEqual([]);
  });

  it('stand in core/store and nowhere else', () => {
    const outside = sourcesUnder(
      [
        'api',
        'admission',
        'processor',
        'cli',
        'core/queue',
        'core/redis',
        'core/payments',
        'core/notify',
      ],
      ['.ts'],
    ).filter((source) => !isTest(source));
    const strays = outside.flatMap(statementsOf);
    expect(strays).toEqual([]);
  });
});
