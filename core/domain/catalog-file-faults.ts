// Faults are gathered, never thrown: a person who mends a file wants the whole list at once, each
// with the line to look at. Paths are looked up in the parsed document, so lines are true for
// anchors, flow lists and JSON alike.
import { type Document, isAlias, isMap, isNode, isSeq, type LineCounter, type Node } from 'yaml';
import type { z } from 'zod';
import { fieldsAt } from './catalog-file-schema.js';
import type { CatalogFault } from './catalog-file-types.js';

/** More than this many faults are counted, not listed. */
export const faultsMax = 1_000;

export type Path = readonly (string | number)[];

export interface Faults {
  /** Adds a fault at the value of a path, or at its nearest parent when it isn't there. */
  add(path: Path, message: string): void;
  /** Adds a fault at the name of a field, for fields that shouldn't be there. */
  addAtKey(path: Path, message: string): void;
  /** Adds a fault at a character of the text. */
  addAt(offset: number, field: string, message: string): void;
  addIssues(path: Path, issues: readonly z.core.$ZodIssue[]): void;
  /** All faults by line and column, repeats left out. */
  list(): CatalogFault[];
}

/** A gatherer of faults for one document. */
export function gatherFaults(document: Document, lines: LineCounter): Faults {
  const found = new Map<string, CatalogFault>();

  function addAt(offset: number, field: string, message: string): void {
    const { line, col } = lines.linePos(offset);
    const fault = { line: Math.max(line, 1), column: Math.max(col, 1), field, message };
    found.set(JSON.stringify(fault), fault);
  }
  function add(path: Path, message: string): void {
    addAt(offsetOf(document, path, false), fieldName(path), message);
  }
  function addAtKey(path: Path, message: string): void {
    addAt(offsetOf(document, path, true), fieldName(path), message);
  }
  function addIssues(base: Path, issues: readonly z.core.$ZodIssue[]): void {
    for (const issue of issues) {
      const path = [...base, ...issue.path.map(plainStep)];
      if (issue.code === 'unrecognized_keys') {
        const allowed = fieldsAt(path).join(', ');
        for (const name of issue.keys) {
          addAtKey([...path, name], `isn't a field here: the fields are ${allowed}`);
        }
      } else {
        add(path, describe(issue, valueAt(document, path)));
      }
    }
  }
  function list(): CatalogFault[] {
    const all = [...found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
    const cut = all[faultsMax];
    if (cut === undefined) {
      return all;
    }
    const rest = `and ${all.length - faultsMax} more faults: mend those above first`;
    return [...all.slice(0, faultsMax), { ...cut, field: '', message: rest }];
  }
  return { add, addAtKey, addAt, addIssues, list };
}

/** `shows[3].prices.premium`. */
export function fieldName(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

function plainStep(step: PropertyKey): string | number {
  return typeof step === 'number' ? step : String(step);
}

/** Says what to do; the field's name stands before it. */
function describe(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined && issue.code !== 'custom') {
    return 'is missing: add it';
  }
  if (value === null) {
    return 'is empty: give it a value or remove it';
  }
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) {
    return issue.message.replace(/^[A-Z]/, (letter) => letter.toLowerCase());
  }
  if (issue.expected === 'string') {
    return typeof value === 'object' ? 'must be text' : 'must be text: put it in quotes';
  }
  const shapes: Record<string, string> = {
    array: 'must be a list',
    object: 'must be a group of `name: value` fields',
    record: 'must be a group of `name: value` fields',
    tuple: 'must be a list',
  };
  return shapes[issue.expected] ?? `must be a ${issue.expected}`;
}

function valueAt(document: Document, path: Path): unknown {
  const { node, missing } = walk(document, path);
  if (missing) {
    return undefined;
  }
  return node === null ? null : node.toJS(document, { maxAliasCount: aliasesMax });
}

/** Bound on alias expansion, so that a small file can't unfold into a huge one. */
export const aliasesMax = 10_000;

function offsetOf(document: Document, path: Path, atKey: boolean): number {
  const { offset, keyOffset, missing } = walk(document, path);
  return atKey && !missing ? keyOffset : offset;
}

/** Follows a path through the document as far as it goes. */
function walk(document: Document, path: Path) {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  let keyOffset = offset;
  for (const step of path) {
    const holder = isAlias(node) ? (node.resolve(document) ?? null) : node;
    const child = childOf(holder, step);
    if (child === undefined) {
      return { node: null, offset, keyOffset, missing: true };
    }
    node = child.node;
    keyOffset = child.keyOffset ?? node?.range?.[0] ?? offset;
    offset = node?.range?.[0] ?? keyOffset;
  }
  return { node, offset, keyOffset, missing: false };
}

function childOf(
  holder: Node | null,
  step: string | number,
): { node: Node | null; keyOffset?: number | undefined } | undefined {
  if (isSeq(holder) && typeof step === 'number') {
    const item = holder.items[step];
    return item === undefined ? undefined : { node: isNode(item) ? item : null };
  }
  if (isMap(holder)) {
    // A numeric name such as `12:` is a number to YAML and text to everybody else.
    const pair = holder.items.find(({ key }) => isNode(key) && String(key) === String(step));
    const name = pair && isNode(pair.key) ? pair.key : undefined;
    return pair && { node: isNode(pair.value) ? pair.value : null, keyOffset: name?.range?.[0] };
  }
  return undefined;
}
