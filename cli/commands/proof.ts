import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openClient } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { exitCodes, refused } from '../exit.js';
import { table } from '../out.js';
import { checkReceipt } from '../proof/receipt.js';
import { keyName, type ProofFile, proofFileSchema, verifyProof } from '../proof/verify.js';

const signedSchema = proofFileSchema.omit({ roster: true });
const pagesMax = 100_000;

export function addSaleProof(sale: Command, session: Session): void {
  addCommand(sale, session, {
    usage: 'proof <sale>',
    summary: 'write a file by which anybody can check the draw and every admission',
    examples: ['usher sale proof premiere', 'usher sale proof premiere --out /tmp/premiere.json'],
    options: (command) => command.option('--out <file>', 'where to; without it, SALE-proof.json'),
    run: async ({ args, options, out, context }) => {
      const client = openClient(context);
      const saleId = args[0] ?? '';
      const path = `sales/${encodeURIComponent(saleId)}/proof`;
      const signed = await client.get(path, signedSchema);
      const roster = await readRosterPages(client.url, saleId, signed.proof.roster_count);
      const file: ProofFile = { ...signed, roster };
      const name = String(options.out ?? `${saleId}-proof.json`);
      writeFileSync(name, `${JSON.stringify(file)}\n`);
      const { roster_count, roster_digest, admissions } = signed.proof;
      const told = { file: name, key: keyName(file), roster_count, roster_digest };
      out.result({ ...told, admissions: admissions.length }, () =>
        [
          `${name}: ${roster_count} came before the opening, ${admissions.length} were admitted.`,
          `Signed by key ${told.key}. Check it with: usher verify ${name}`,
        ].join('\n'),
      );
      return undefined;
    },
  });
}

async function readRosterPages(url: string, saleId: string, count: number): Promise<string> {
  const pages: Buffer[] = [];
  let bytes = 0;
  for (let page = 0; page < pagesMax && bytes < count * 24; page += 1) {
    const answer = await fetch(
      `${url}/api/v1/sales/${encodeURIComponent(saleId)}/roster?page=${page}`,
    );
    if (!answer.ok) {
      throw refused('unavailable', 'The roster is still being written. Try again shortly.');
    }
    const entries = Buffer.from(await answer.arrayBuffer());
    bytes += entries.length;
    pages.push(entries);
  }
  return Buffer.concat(pages).toString('base64');
}

export function addVerifyCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'verify <file>',
    summary: 'check a proof without any Usher at hand; exits 1 when something is not so',
    examples: [
      'usher verify premiere-proof.json',
      'usher verify premiere-proof.json --key 5f0c1d… --receipt eyJhbGciOi…',
    ],
    options: (command) =>
      command
        .option('--key <name>', 'the signing key that it has to be, as the sale page shows it')
        .option('--receipt <text>', "a fan's own receipt: find its place and turn"),
    run: async ({ args, options, out }) => {
      const file = readProof(args[0] ?? '');
      const findings = verifyProof(file);
      if (options.key !== undefined) {
        const ok = keyName(file) === String(options.key);
        findings.push({ check: 'key', ok, detail: ok ? 'as given' : `is ${keyName(file)}` });
      }
      if (options.receipt !== undefined) {
        findings.push(...checkReceipt(file, String(options.receipt)));
      }
      const ok = findings.every((one) => one.ok);
      out.result({ sale_id: file.proof.sale_id, ok, findings }, () =>
        [
          table(
            ['check', '', 'found'],
            findings.map((one) => [one.check, one.ok ? 'ok' : 'NO', one.detail]),
          ),
          ok ? 'The proof holds.' : 'The proof does not hold.',
        ].join('\n'),
      );
      return ok ? exitCodes.done : exitCodes.refused;
    },
  });
}

function readProof(name: string): ProofFile {
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch {
    throw refused('not_found', `${name} cannot be read.`);
  }
  try {
    return proofFileSchema.parse(JSON.parse(text));
  } catch {
    throw refused('malformed', `${name} is no proof of Usher.`);
  }
}
