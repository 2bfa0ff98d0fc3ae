// The state machines: the code's table, the document's tables and pictures, the schema's CHECKs.
import { describe, expect, it } from '@jest/globals';
import { states } from '../../core/domain/states.js';
import { codesIn, readText, sourcesUnder, tableBelow } from './sources.js';

const document = readText('docs/states.md');
const schema = sourcesUnder(['sql/shard'], ['.sql']);

type Moves = Record<string, readonly string[]>;
const machines = Object.entries(states) as [string, Moves][];

const sortedPairs = (moves: Moves): string[] =>
  Object.entries(moves)
    .flatMap(([from, list]) => list.map((to) => `${from} ${to}`))
    .sort();

/** The arrows of the picture below a heading. */
function arrowsBelow(heading: string): string[] {
  const section = document.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const picture = /```mermaid\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  return [...picture.matchAll(/(\w+) --> (\w+)/g)].map(([, from, to]) => `${from} ${to}`);
}

/** The states that a table's CHECK constraint allows. */
function checkedStates(table: string): string[] {
  const file = schema.find(({ text }) => text.includes(`TABLE IF NOT EXISTS ${table} (`));
  const list = new RegExp(`CONSTRAINT ${table}_state\\s+CHECK \\(state IN \\(([^)]*)\\)\\)`).exec(
    file?.text ?? '',
  );
  return [...(list?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, state = '']) => state).sort();
}

describe('state machines', () => {
  it.each(machines)('%s is the same in code, table, picture and schema', (name, moves) => {
    const rows = tableBelow(document, name);
    const told = rows.map(([from, to]) => `${codesIn(from)[0]} ${codesIn(to)[0]}`);
    expect(told.sort()).toEqual(sortedPairs(moves));
    expect(arrowsBelow(name).sort()).toEqual(sortedPairs(moves));
    expect(checkedStates(name)).toEqual(Object.keys(moves).sort());
    for (const [, , when] of rows) expect((when ?? '').length).toBeGreaterThan(8);
  });

  it('are all in the document, and no others', () => {
    const headings = [...document.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(Object.keys(states));
  });

  it('lead only to states that exist', () => {
    for (const [, moves] of machines) {
      const known = new Set(Object.keys(moves));
      expect(
        Object.values(moves)
          .flat()
          .filter((to) => !known.has(to)),
      ).toEqual([]);
    }
  });
});
