// The import tables of docs/ARCHITECTURE.md against the imports.
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  codeFolders,
  codesIn,
  isTest,
  programs,
  readText,
  type Source,
  sourcesUnder,
  tableBelow,
} from './sources.js';

const architecture = readText('docs/ARCHITECTURE.md');
const sources = sourcesUnder(codeFolders, ['.ts']).filter((source) => !isTest(source));
const manifest = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readText('package.json')));

/** `core/store` for a part, otherwise the program's folder. */
function unitOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'core' ? `core/${second}` : first;
}

type Import = { from: string; to: string };

function importsOf({ path, text }: Source): Import[] {
  const found = [
    ...text.matchAll(/^(?:import|export)\b[^;'"]*?from\s+'([^']+)'/gm),
    ...text.matchAll(/^import\s+'([^']+)'/gm),
    ...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g),
  ];
  return found.map(([, to = '']) => ({ from: path, to }));
}

const imports = sources.flatMap(importsOf);
const inner = imports
  .filter(({ to }) => to.startsWith('.'))
  .map(({ from, to }) => ({ from, to: join(dirname(from), to).replace(/\.js$/, '.ts') }))
  .filter(({ from, to }) => unitOf(from) !== unitOf(to));
const outer = imports.filter(({ to }) => !to.startsWith('.') && !to.startsWith('node:'));

const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');

describe('who may import whom', () => {
  const allowed = new Map(
    tableBelow(architecture, 'Who may import whom').flatMap(([folder, may]) =>
      codesIn(folder).map((name) => [name, codesIn(may)] as const),
    ),
  );

  it('names every folder of code', () => {
    const units = new Set(sources.map(({ path }) => unitOf(path)));
    expect([...units].filter((unit) => !allowed.has(unit))).toEqual([]);
  });

  it('is what the sources do', () => {
    const breaches = inner.filter(({ from, to }) => {
      const may = allowed.get(unitOf(from)) ?? [];
      return !may.includes(unitOf(to)) && !may.includes(to);
    });
    expect(breaches).toEqual([]);
  });

  it('lets no program into another but through admission/gate.ts', () => {
    const isProgram = (name: string) => (programs as readonly string[]).includes(name);
    const crossing = inner.filter(
      ({ from, to }) => isProgram(unitOf(from)) && isProgram(unitOf(to)),
    );
    expect(crossing.filter(({ to }) => to !== 'admission/gate.ts')).toEqual([]);
    expect(
      inner.filter(({ from, to }) => from.startsWith('core/') && isProgram(unitOf(to))),
    ).toEqual([]);
  });

  it('lists nothing that nobody does', () => {
    const done = new Set(
      inner.flatMap(({ from, to }) => [`${unitOf(from)} ${unitOf(to)}`, `${unitOf(from)} ${to}`]),
    );
    const idle = [...allowed].flatMap(([folder, may]) =>
      may.filter((to) => !done.has(`${folder} ${to}`)).map((to) => `${folder} ${to}`),
    );
    expect(idle).toEqual([]);
  });
});

describe('where each outside package lives', () => {
  const homes = new Map(
    tableBelow(architecture, 'Where each outside package lives').flatMap(([names, places]) =>
      codesIn(names).map((name) => [name, codesIn(places)] as const),
    ),
  );
  const isAt = (path: string, place: string) => path === place || path.startsWith(`${place}/`);

  it('is where it is imported', () => {
    const strays = outer.filter(
      ({ from, to }) => !(homes.get(packageOf(to)) ?? []).some((place) => isAt(from, place)),
    );
    expect(strays).toEqual([]);
  });

  it('names only packages that are installed and places that use them', () => {
    const idle = [...homes].flatMap(([name, places]) =>
      places
        .filter(
          (place) => !outer.some(({ from, to }) => packageOf(to) === name && isAt(from, place)),
        )
        .map((place) => `${name} in ${place}`),
    );
    expect(idle).toEqual([]);
    expect([...homes.keys()].filter((name) => !(name in manifest.dependencies))).toEqual([]);
  });
});
