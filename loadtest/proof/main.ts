// `node dist/loadtest/proof/main.js [BUG…] [--seed TEXT] [--list] [--json]`: exit 0 when every
// planted bug turned one of its rules red and the same load without a bug left all of them green.
// `--write-docs` puts each result into docs/proof.md as it comes.
import { readArgs } from '../stage/read-args.js';
import { endWithCaller } from '../stage/scratch.js';
import { bugs } from './bugs.js';
import { writeProofDocs } from './docs.js';
import { prove } from './prove.js';

endWithCaller();
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  const { values, positionals } = readArgs('audit', {
    args,
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: 'usher' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
    },
  });
  if (values.list) {
    for (const { name, bug, rules } of bugs) {
      process.stdout.write(`${name.padEnd(28)} ${rules.join(' or ').padEnd(24)} ${bug}\n`);
    }
    return 0;
  }
  const unknown = positionals.filter((name) => !bugs.some((bug) => bug.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`audit: there is no bug ${unknown.join(', ')}; --list names them all\n`);
    return 2;
  }
  const wanted =
    positionals.length === 0 ? bugs : bugs.filter(({ name }) => positionals.includes(name));
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const proofs = await prove({
    bugs: wanted,
    seed: values.seed,
    env: process.env,
    say,
    ...(values['write-docs'] ? { keep: (proof) => writeProofDocs([proof]) } : {}),
  });
  const missed = proofs.filter((proof) => !proof.proven);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ seed: values.seed, proofs }, null, 2)}\n`);
  } else {
    process.stdout.write(
      missed.length === 0
        ? `All ${proofs.length} proven: clean without a bug, red with each.\n`
        : `${missed.length} of ${proofs.length} not proven: ${missed.map(({ name }) => name).join(', ')}\n`,
    );
  }
  return missed.length === 0 ? 0 : 1;
}
