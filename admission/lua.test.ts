import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { loadScript } from '../core/redis/scripts.js';

const folder = new URL('lua/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.lua'));

describe.each(files)('%s', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');
  const { keys } = loadScript(new URL(file, folder));
  const header = text.slice(0, text.search(/^[^-]/m));
  const told = header.slice(header.indexOf('-- KEYS'), header.indexOf('-- ARGV'));

  it('names in its header as many keys as in its name, and uses no others', () => {
    const listed = [...told.matchAll(/\b(\d+) [a-z]/g)].map((match) => Number(match[1]));
    expect(listed).toEqual(Array.from({ length: keys }, (_, n) => n + 1));
    const used = [...text.matchAll(/KEYS\[(\d+)\]/g)].map((match) => Number(match[1]));
    expect(Math.max(...used)).toBe(keys);
  });

  it('explains every argument that it uses, and what it answers', () => {
    const used = [...text.matchAll(/ARGV\[(\d+)\]/g)].map((match) => Number(match[1]));
    for (const number of used) expect(header).toMatch(new RegExp(`\\b${number} +[a-z]`));
    expect(header).toContain('-- Answers');
  });
});
