import type { Command } from 'commander';
import { migrateAll } from '../../core/store/migrate.js';
import { addCommand, type Session } from '../command.js';
import { databaseName, directConfig, storeError } from '../stores.js';

export function addMigrateCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'migrate',
    summary: 'bring catalog and shards to the newest schema',
    examples: [
      'usher migrate',
      'USHER_MYSQL_URL=mysql://… USHER_SHARDS=mysql://…,mysql://… usher migrate',
    ],
    run: async ({ out, context }) => {
      const { catalogUrl, shardUrls } = directConfig(context);
      const steps: string[] = [];
      const shards = shardUrls.map((url) => ({ name: databaseName(url), url }));
      try {
        await migrateAll({ catalogUrl, shards }, (text) => {
          steps.push(text);
          out.note(text);
        });
      } catch (error) {
        throw storeError(error);
      }
      out.result({ steps }, () => 'The schema is up to date.');
      return undefined;
    },
  });
}
