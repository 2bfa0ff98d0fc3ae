import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/runtime/paths.js';
import { rules } from '../audit/findings.js';
import { describeCommit, describeMachine } from '../bench/report.js';
import { replaceBetween } from '../report/markers.js';
import { bugs } from './bugs.js';
import type { Proof } from './prove.js';

const path = join(packageRoot, 'docs/proof.md');
const head = ['planted', 'what is wrong', 'must turn red', 'turned red', 'result', 'took', 'at'];

/** Writes proofs into the table of docs/proof.md; what did not run keeps its line. */
export function writeProofDocs(proofs: Proof[], commit = describeCommit()): void {
  const text = readFileSync(path, 'utf8');
  const lines = new Map(
    text
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => [nameOf(line), line]),
  );
  for (const proof of proofs) lines.set(proof.name, rowOf(proof, commit));
  const known = bugs.map(({ name }) => name);
  const controls = [...lines.keys()].filter((name) => name.startsWith('no-bug'));
  const rows = [...controls, ...known].flatMap((name) => lines.get(name) ?? []);
  const red = new Set(rows.flatMap((row) => row.split(' | ')[3]?.match(/I\d+/g) ?? []));
  const never = Object.keys(rules).filter((rule) => !red.has(rule));
  const proven = rows.filter((row) => row.includes(' | proven | ')).length;
  const content = [
    `${proven} of ${controls.length + known.length} proven at their last run, the last one on ${describeMachine()}.`,
    `${red.size} of ${Object.keys(rules).length} rules were turned red by a planted bug${never.length === 0 ? '' : `; not yet: ${never.join(', ')}`}.`,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...rows,
  ];
  writeFileSync(path, replaceBetween(text, 'proof', content.join('\n')));
}

function nameOf(line: string): string {
  return /`([^`]+)`/.exec(line)?.[1] ?? '';
}

function rowOf(proof: Proof, commit: string): string {
  const cells = [
    `\`${proof.name}\``,
    proof.bug,
    proof.expected.join(' or ') || 'nothing',
    proof.red.join(', ') || 'nothing',
    proof.proven ? 'proven' : 'not proven',
    `${proof.seconds} s`,
    commit,
  ];
  return `| ${cells.join(' | ')} |`;
}
