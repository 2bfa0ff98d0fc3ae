// Rules of style that no linter checks, read from the text itself.
import { describe, expect, it } from '@jest/globals';
import { codeFolders, isTest, programs, type Source, sourcesUnder } from './sources.js';

const linesMax = 300;
/** Tests are lists, which read well at greater length. */
const testLinesMax = 400;

/** Files that may read the environment beside each program's main.ts, and why. */
const environmentReaders: Record<string, string> = {
  'core/runtime/config.ts': 'parses it',
  'core/runtime/ports.ts': 'keeps apart those who start much at once',
  'api/accept/bench.ts': 'is started on its own by the bench',
  'processor/lanes/bare-loop.ts': 'is started on its own by the bench',
  'loadtest/bench/lane.ts': 'hands the search path on to what it starts',
  'loadtest/bench/stage.ts': 'hands the search path on to what it starts',
  'loadtest/faults/shift-clock.ts': 'is loaded into a program before it',
  'loadtest/baselines/redis-counter.ts': 'is started on its own by the bench',
  'loadtest/baselines/one-job-handler.ts': 'is started on its own by the bench',
  'loadtest/baselines/one-job-producer.ts': 'is started on its own by the bench',
  'loadtest/baselines/one-job-worker.ts': 'is started on its own by the bench',
  'loadtest/baselines/plain-handler.ts': 'is started on its own by the bench',
};

/** Tests that may let time pass, and why no condition would do. */
const timedTests: Record<string, string> = {
  'admission/pump.test.ts': 'a pause is what it tests',
};

const code = sourcesUnder(codeFolders, ['.ts', '.lua', '.sql']);
const page = sourcesUnder(['web/src'], ['.ts', '.tsx']);
const tests = sourcesUnder(['test'], ['.ts', '.mjs']);
const scripts = sourcesUnder(['scripts', 'sql'], ['.mjs', '.sql']);
const everything = [...code, ...page, ...tests, ...scripts].filter(
  ({ path }) => path !== 'sql/schema.sql',
);

/** Where a pattern occurs, as `path:line`. */
function found(sources: Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, no) => (pattern.test(line) ? [`${path}:${no + 1}`] : [])),
  );
}

describe('the sources', () => {
  it(`are files of at most ${linesMax} lines, tests of at most ${testLinesMax}`, () => {
    const long = everything
      .map((source) => ({ ...source, lines: source.text.split('\n').length - 1 }))
      .filter((source) => source.lines > (isTest(source) ? testLinesMax : linesMax))
      .map(({ path, lines }) => `${path}: ${lines}`);
    expect(long).toEqual([]);
  });

  it('export by name, from where a thing is made', () => {
    const configurable = /(global-(setup|teardown)|sequencer)\.mjs$/;
    const modules = everything.filter(({ path }) => !configurable.test(path));
    expect(found(modules, /^export default\b/)).toEqual([]);
    expect(found(modules, /^export (\*|\{[^}]*\}|type \{[^}]*\}) from\b/)).toEqual([]);
  });

  it('read the environment where programs start, and nowhere else', () => {
    const asked = code.filter((source) => {
      const isMain = programs.some((program) => source.path.startsWith(`${program}/`));
      if (isMain && source.path.endsWith('/main.ts')) return false;
      return !isTest(source) && !(source.path in environmentReaders);
    });
    expect(found(asked, /\bprocess\.env\b|\{ env\b.*\} = process\b/)).toEqual([]);
  });

  it('leave no marker of unfinished work, and skip no test', () => {
    const others = everything.filter(({ path }) => path !== 'test/contract/tidy.test.ts');
    expect(found(others, /\b(TODO|FIXME|HACK)\b/)).toEqual([]);
    const testFiles = [...code, ...page, ...tests].filter(isTest);
    const skipped =
      /\b(it|test|describe)\.(skip|only|todo|failing)\b|\b(xit|xdescribe|fit|fdescribe)\(/;
    expect(found(testFiles, skipped).filter((at) => !at.includes('tidy.test'))).toEqual([]);
  });

  it('wait in tests for conditions, never for time', () => {
    const waits = /\bsetTimeout\(|node:timers/;
    const testFiles = [...code, ...page, ...tests].filter(
      ({ path }) =>
        path.endsWith('.test.ts') && !(path in timedTests) && !path.endsWith('tidy.test.ts'),
    );
    expect(found(testFiles, waits)).toEqual([]);
  });

  it('have exceptions only for files that exist', () => {
    const paths = new Set(everything.map(({ path }) => path));
    const excepted = [...Object.keys(environmentReaders), ...Object.keys(timedTests)];
    expect(excepted.filter((path) => !paths.has(path))).toEqual([]);
  });
});
