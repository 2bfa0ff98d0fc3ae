// What the documents name must exist: packages, files, links, commands.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { z } from 'zod';
import { buildProgram } from '../../cli/program.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { codesIn, readText, tableBelow } from './sources.js';

const listed = (folder: string): string[] =>
  readdirSync(join(packageRoot, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const documents = [...listed('.'), ...listed('docs'), ...listed('docs/decisions')].map((path) => ({
  path,
  text: readText(path),
}));

const versions = z.record(z.string(), z.string());
const manifest = z
  .object({ dependencies: versions, devDependencies: versions })
  .parse(JSON.parse(readText('package.json')));

describe('the documents', () => {
  it('say of every package what it does for us', () => {
    const rows = tableBelow(readText('CONTRIBUTING.md'), 'Dependencies');
    const told = rows.flatMap(([names]) => codesIn(names)).filter((name) => name !== '@types/*');
    const installed = [
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.devDependencies).filter((name) => !name.startsWith('@types/')),
    ];
    expect(told.sort()).toEqual(installed.sort());
    expect(rows.filter(([, what]) => (what ?? '').length < 10)).toEqual([]);
  });

  it('pin every package to one version', () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it('name files that exist', () => {
    const missing = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|tsx|mjs|lua|sql|md|yaml|yml|json))`/g)]
        .map(([, file = '']) => file)
        .filter((file) => !file.startsWith('dist/') && !file.startsWith('.usher/'))
        .filter((file) => !existsSync(join(packageRoot, file)))
        .map((file) => `${path}: ${file}`),
    );
    expect(missing).toEqual([]);
  });

  it('link to pages and headings that exist', () => {
    const broken = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].flatMap(
        ([link, file = '', anchor]) => {
          const target = file === '' ? path : join(dirname(path), file);
          if (!existsSync(join(packageRoot, target))) return [`${path}: ${link}`];
          if (anchor === undefined || !target.endsWith('.md')) return [];
          return anchorsOf(readText(target)).includes(anchor) ? [] : [`${path}: ${link}`];
        },
      ),
    );
    expect(broken).toEqual([]);
  });

  it('call commands that exist', () => {
    const stream = new PassThrough();
    const context = { env: {}, stdin: stream, stdout: stream, stderr: stream };
    const known = commandsOf(buildProgram({ context, exitCode: 0 }));
    const unknown = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\.\/usher\s+([a-z-]+)(?:\s+([a-z-]+))?/g)].flatMap(
        ([call, noun = '', verb]) => {
          const verbs = known.get(noun);
          if (!verbs) return [`${path}: ${call}`];
          return verbs.size === 0 || verb === undefined || verbs.has(verb)
            ? []
            : [`${path}: ${call}`];
        },
      ),
    );
    expect(unknown).toEqual([]);
  });
});

/** As the usual renderers make them from headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );
}

/** Nouns with their verbs; a command without verbs has an empty set. */
function commandsOf(program: Command): Map<string, Set<string>> {
  return new Map(
    program.commands.map((command) => [
      command.name(),
      new Set(command.commands.map((verb) => verb.name())),
    ]),
  );
}
