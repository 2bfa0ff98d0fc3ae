// Every Lua script against its header, its name and its use.
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { codeFolders, type Source, sourcesUnder } from './sources.js';

const files = sourcesUnder(codeFolders, ['.lua']);
const scripts = files.filter(({ path }) => !path.includes('/include/'));
const typescript = sourcesUnder(codeFolders, ['.ts']);

type Header = { keys: number[]; args: number[]; more: boolean; purpose: string };

/** The comment on top: what it is for, then KEYS, then ARGV, then what it answers. */
function headerOf({ text }: Source): Header {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--') || line.startsWith('-- include:'));
  const comment = lines.slice(0, end).map((line) => line.replace(/^-- ?/, ''));
  const section = (from: string, to: string): string => {
    const start = comment.findIndex((line) => line.startsWith(from));
    const stop = comment.findIndex((line) => line.startsWith(to));
    return start < 0 || stop < 0 ? '' : comment.slice(start, stop).join('\n').slice(from.length);
  };
  // Counts up: a number in a description, out of turn, is no entry.
  const numbersIn = (list: string): number[] => {
    const seen: number[] = [];
    for (const [, no] of list.matchAll(/(?:^|\s{2,})(\d+) +\S/gm)) {
      if (Number(no) === seen.length + 1) seen.push(Number(no));
    }
    return seen;
  };
  const args = section('ARGV', 'Answers');
  return {
    keys: numbersIn(section('KEYS', 'ARGV')),
    args: numbersIn(args),
    more: /\bthen\b/.test(args),
    purpose: comment[0] ?? '',
  };
}

/** The script without its comments. */
function bodyOf({ text }: Source): string {
  return text.replace(/--.*$/gm, '');
}

function indexesOf(text: string, name: 'KEYS' | 'ARGV'): number[] {
  const all = [...text.matchAll(new RegExp(`${name}\\[(\\d+)\\]`, 'g'))].map(([, no]) =>
    Number(no),
  );
  return [...new Set(all)].sort((a, b) => a - b);
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, no) => no + 1);

describe('Lua scripts', () => {
  it.each(scripts.map((script) => [script.path, script] as const))(
    '%s keeps its word',
    (_, script) => {
      const header = headerOf(script);
      const body = bodyOf(script);
      const promised = Number(/-(\d+)\.lua$/.exec(script.path)?.[1]);
      expect(header.purpose).toMatch(/^[A-Z].{20,}/);
      expect({ keys: header.keys }).toEqual({ keys: upTo(promised) });
      expect({ keysUsed: indexesOf(body, 'KEYS') }).toEqual({ keysUsed: upTo(promised) });
      const used = indexesOf(body, 'ARGV');
      expect({ args: header.args }).toEqual({ args: upTo(header.args.length) });
      if (/ARGV\[[a-z]|#ARGV/.test(body)) {
        expect({
          readsMoreThanItLists: header.more || Math.max(...used) <= header.args.length,
        }).toEqual({
          readsMoreThanItLists: true,
        });
        expect(used.filter((no) => no > header.args.length)).toEqual([]);
      } else {
        expect({ argsUsed: used }).toEqual({ argsUsed: header.args });
      }
    },
  );

  it('touch only the keys that they are given', () => {
    const named = files.flatMap((file) =>
      [...bodyOf(file).matchAll(/redis\.p?call\(\s*'[A-Z]+'\s*,\s*(['"][^)]*)/g)].map(
        ([call]) => `${file.path}: ${call}`,
      ),
    );
    expect(named).toEqual([]);
  });

  it('are all used, and include only what is there', () => {
    const unused = scripts.filter(
      ({ path }) => !typescript.some(({ text }) => text.includes(basename(path))),
    );
    expect(unused.map(({ path }) => path)).toEqual([]);
    const paths = new Set(files.map(({ path }) => path));
    const included = files.flatMap(({ path, text }) =>
      [...text.matchAll(/^-- include: (\S+)$/gm)].map(([, file = '']) => join(dirname(path), file)),
    );
    expect(included.filter((path) => !paths.has(path))).toEqual([]);
    const partsUnused = [...paths].filter(
      (path) => path.includes('/include/') && !included.includes(path),
    );
    expect(partsUnused).toEqual([]);
  });
});
