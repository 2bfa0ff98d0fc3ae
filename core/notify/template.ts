import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../runtime/paths.js';

export type TemplateValues = { [name: string]: string | TemplateValues[] };

const folder = join(packageRoot, 'core/notify/templates');
const loaded = new Map<string, string>();

/**
 * Fills a file of `templates/`: `{{name}}` is a value, `{{#list}}…{{/list}}` repeats for each entry,
 * whose values win over the outer ones. In `.html` files values are escaped. Throws for a name that
 * has no value, so that a mail never goes out with a hole.
 */
export function fillTemplate(file: string, values: TemplateValues): string {
  let text = loaded.get(file);
  if (text === undefined) {
    text = readFileSync(join(folder, file), 'utf8');
    loaded.set(file, text);
  }
  return fill(text, values, file.endsWith('.html') ? escapeHtml : (value) => value);
}

function fill(text: string, values: TemplateValues, encode: (value: string) => string): string {
  const repeated = text.replace(
    /\{\{#(\w+)\}\}\n?([\s\S]*?)\{\{\/\1\}\}\n?/g,
    (_all, name: string, body: string) => {
      const list = values[name];
      if (!Array.isArray(list)) throw new Error(`the template's list ${name} has no entries`);
      return list.map((entry) => fill(body, { ...values, ...entry }, encode)).join('');
    },
  );
  return repeated.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => {
    const value = values[name];
    if (typeof value !== 'string') throw new Error(`the template's ${name} has no value`);
    // What a fan typed can't be read as a part of the template by a later pass.
    return encode(value).replaceAll('{{', '{ {');
  });
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
