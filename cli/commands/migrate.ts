import type { Command } from 'commander';
import { loadSecrets } from '../../core/runtime/secrets.js';
import { databaseName } from '../../core/store/catalog/shard-urls.js';
import { migrateAll } from '../../core/store/migrate.js';
import { addCommand, type Session } from '../command.js';
import { unreachable } from '../exit.js';
import { directConfig, storeError } from '../stores.js';

export function addMigrateCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'migrate',
    summary: 'bring catalog and shards to the newest schema',
    examples: [
      'usher migrate',
      'USHER_MYSQL_URL=mysql://… USHER_SHARDS=mysql://…,mysql://… usher migrate',
    ],
    run: async ({ out, context }) => {
      const config = directConfig(context);
      const { catalogUrl, shardUrls } = config;
      const steps: string[] = [];
      const shards = shardUrls.map((url) => ({ name: databaseName(url), url }));
      try {
        const secrets = loadSecrets(config);
        const { away } = await migrateAll({ catalogUrl, shards, secrets }, (text) => {
          steps.push(text);
          out.note(text);
        });
        if (away.length > 0) {
          throw unreachable(
            `${away.join(', ')} did not answer; the others are up to date. Run it again.`,
          );
        }
      } catch (error) {
        throw storeError(error);
      }
      out.result({ steps }, () => 'The schema is up to date.');
      return undefined;
    },
  });
}
