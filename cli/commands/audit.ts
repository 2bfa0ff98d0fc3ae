import { type Command, Option } from 'commander';
import { loadSecrets } from '../../core/runtime/secrets.js';
import { readLocalSettings } from '../../core/runtime/supervisor-env.js';
import { knownShardUrls } from '../../core/store/catalog/shard-urls.js';
import { addCommand, type Call, type Session } from '../command.js';
import { dataDirOf } from '../context.js';
import { type ExitCode, wrongUsage } from '../exit.js';
import { runProgram } from '../spawn.js';
import { directConfig, storeError } from '../stores.js';

export function addAuditCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'audit [sale...]',
    summary: 'recount every seat, request and payment from outside; exits 1 when a rule is broken',
    examples: [
      'usher audit',
      'usher audit premiere --settled --json',
      'usher audit --watch',
      'usher audit --prove',
      'usher audit --prove plain-read no-rate',
    ],
    options: (command) =>
      command
        .option('--settled', 'no call is under way: nothing may be left half done')
        .option('--watch', 'look again and again beside a live sale, until Ctrl-C')
        .option('--every <seconds>', 'with --watch: from one look to the next (5)')
        .option('--times <number>', 'with --watch: so many looks')
        .option('--client-log <file>', "what a crowd's fans saw, from `usher loadtest`")
        .option('--prove', 'plant known bugs in throw-away builds: each must turn its rule red')
        .option('--seed <text>', 'with --prove: the same seed gives the same fans (usher)')
        .addOption(new Option('--write-docs', 'with --prove: writes the table of docs/proof.md'))
        .option('--mailbox <url>', 'the local mailbox, to compare mails with bookings'),
    run,
  });
}

async function run({ args, options, out, context }: Call): Promise<ExitCode> {
  if (options.prove) {
    return runProgram(context, {
      script: 'loadtest/proof/main.js',
      args: [
        ...args,
        ...(options.seed === undefined ? [] : ['--seed', String(options.seed)]),
        ...(options.writeDocs ? ['--write-docs'] : []),
        ...(out.json ? ['--json'] : []),
      ],
      env: context.env,
    });
  }
  if (args.length > 1) throw wrongUsage('Audit one sale at a time, or all without a name.');
  const { catalogUrl, payments, ...config } = directConfig(context);
  const secrets = loadSecrets(config);
  const urls = await knownShardUrls(catalogUrl, { urls: config.shardUrls, secrets }).catch(
    (error) => {
      throw storeError(error);
    },
  );
  const local = readLocalSettings(dataDirOf(context));
  const mailbox = local?.runs.mailbox ? `http://127.0.0.1:${local.ports.mailboxHttp}` : undefined;
  const given = ['every', 'times', 'clientLog', 'mailbox'].flatMap((name) =>
    options[name] === undefined ? [] : [`--${flags[name] ?? name}`, String(options[name])],
  );
  return runProgram(context, {
    script: 'loadtest/audit/main.js',
    args: [
      ...(args[0] === undefined ? [] : ['--sale', args[0]]),
      ...(options.settled ? ['--settled'] : []),
      ...(options.watch ? ['--watch'] : []),
      ...given,
      ...(out.json ? ['--json'] : []),
    ],
    // In the environment, since everybody on the machine can read arguments.
    env: {
      ...context.env,
      USHER_MYSQL_URL: catalogUrl,
      USHER_SHARDS: urls.join(','),
      ...(payments.apiBase === undefined ? {} : { STRIPE_API_BASE: payments.apiBase }),
      ...(mailbox === undefined ? {} : { AUDIT_MAILBOX_URL: mailbox }),
    },
  });
}

const flags: Record<string, string> = { clientLog: 'client-log' };
