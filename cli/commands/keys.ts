import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { createSecretsFile } from '../../core/runtime/secrets.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { refused } from '../exit.js';

export function addKeysCommands(program: Command, session: Session): void {
  const keys = addNoun(program, 'keys', 'the keys that sign passes and tickets and seal persons');
  addCommand(keys, session, {
    usage: 'create <file>',
    summary: 'write fresh keys to a file that only its owner may read',
    examples: ['usher keys create /etc/usher/secrets.json'],
    run: async ({ args, out }) => {
      const file = resolve(args[0] ?? '');
      if (existsSync(file)) {
        throw refused('already_exists', `${file} is there already and was not touched.`);
      }
      createSecretsFile(file);
      out.result(
        { file },
        () => `Wrote ${file}. Keep a copy apart: without it tickets and personal data are lost.`,
      );
      return undefined;
    },
  });
}
