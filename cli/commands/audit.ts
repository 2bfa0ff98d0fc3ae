import type { Command } from 'commander';
import { loadSecrets } from '../../core/runtime/secrets.js';
import { knownShardUrls } from '../../core/store/catalog/shard-urls.js';
import { addCommand, type Session } from '../command.js';
import { runProgram } from '../spawn.js';
import { directConfig, storesOrExit } from '../stores.js';

export function addAuditCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'audit [sale]',
    summary: 'recount every seat, request and payment from outside; exits 1 when a rule is broken',
    examples: ['usher audit', 'usher audit premiere --settled --json'],
    options: (command) =>
      command.option('--settled', 'no call is under way: nothing may be left half done'),
    run: async ({ args, options, out, context }) => {
      const config = directConfig(context);
      const { catalogUrl, payments } = config;
      const shardUrls = await storesOrExit(
        knownShardUrls(catalogUrl, { urls: config.shardUrls, secrets: loadSecrets(config) }),
      );
      return runProgram(context, {
        script: 'loadtest/audit/main.js',
        args: [
          ...(args[0] === undefined ? [] : ['--sale', args[0]]),
          ...(options.settled ? ['--settled'] : []),
          ...(out.json ? ['--json'] : []),
        ],
        // In the environment, since everybody on the machine can read arguments.
        env: {
          ...context.env,
          USHER_MYSQL_URL: catalogUrl,
          USHER_SHARDS: shardUrls.join(','),
          ...(payments.apiBase === undefined ? {} : { STRIPE_API_BASE: payments.apiBase }),
        },
      });
    },
  });
}
