// The error catalogue against docs/errors.md, both ways, and against what the code throws.
import { describe, expect, it } from '@jest/globals';
import { errorCatalogue } from '../../core/domain/errors.js';
import { codeFolders, codesIn, isTest, readText, sourcesUnder, tableBelow } from './sources.js';

const document = readText('docs/errors.md');
const rows = tableBelow(document, 'Codes').map(([code, status, repeat, when, what]) => ({
  code: codesIn(code)[0] ?? '',
  status: Number(status),
  retry: repeat === 'yes',
  when: when ?? '',
  what: what ?? '',
}));
const retired = tableBelow(document, 'Retired codes').flatMap(([code]) => codesIn(code));

describe('docs/errors.md', () => {
  it('lists the codes of the catalogue with status and retry, and no others', () => {
    const catalogue = Object.entries(errorCatalogue).map(
      ([code, { status, retry }]) => `${code} ${status} ${retry}`,
    );
    expect(rows.map(({ code, status, retry }) => `${code} ${status} ${retry}`).sort()).toEqual(
      catalogue.sort(),
    );
  });

  it('says of each when it comes and what to do', () => {
    const mute = rows.filter(({ when, what }) => when.length < 10 || what.length < 10);
    expect(mute).toEqual([]);
  });

  it('is in the order of the statuses', () => {
    const statuses = rows.map(({ status }) => status);
    expect(statuses).toEqual([...statuses].sort((a, b) => a - b));
  });

  it('never lets a retired code come back', () => {
    expect(retired.filter((code) => code in errorCatalogue)).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('has no code that nothing ever tells, but for those marked so', () => {
    const code = sourcesUnder(codeFolders, ['.ts'])
      .filter((source) => !isTest(source) && source.path !== 'core/domain/errors.ts')
      .map(({ text }) => text)
      .join('\n');
    const silent = Object.keys(errorCatalogue).filter((name) => !code.includes(`'${name}'`));
    const marked = rows.filter(({ when }) => when.startsWith('○')).map((row) => row.code);
    expect(silent).toEqual(marked);
  });
});
