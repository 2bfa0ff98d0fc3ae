import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  createSecretsFile,
  defaultSecretsFile,
  type KeyPurpose,
  keyPurposes,
  listKeys,
  rotateKeys,
} from '../../core/runtime/secrets.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { type CliContext, dataDirOf } from '../context.js';
import { refused } from '../exit.js';
import { table } from '../out.js';

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
  addCommand(keys, session, {
    usage: 'list [file]',
    summary: 'list the ids of the keys; the first of each purpose signs or seals',
    examples: ['usher keys list', 'usher keys list /etc/usher/secrets.json'],
    run: async ({ args, out, context }) => {
      const file = fileOf(context, args[0]);
      const ids = listKeys(file);
      out.result({ file, keys: ids }, () => keysText(ids));
      return undefined;
    },
  });
  addCommand(keys, session, {
    usage: 'rotate [file]',
    summary: 'add a new key to each purpose, or with --use begin to sign with it; old ones stay',
    examples: ['usher keys rotate', 'usher keys rotate --use', 'usher keys rotate --only ticket'],
    options: (command) =>
      command
        .option('--use', 'sign and seal with the key that was added before')
        .addOption(new Option('--only <purpose>', 'of one purpose only').choices(keyPurposes)),
    run: async ({ args, options, out, context }) => {
      const file = fileOf(context, args[0]);
      const only = options.only === undefined ? keyPurposes : [options.only as KeyPurpose];
      const step = options.use ? 'use' : 'add';
      const ids = rotateKeys(file, step, only);
      const next = options.use
        ? 'Start the programs again, one after the other. Old keys go on verifying.'
        : 'Bring the file to every machine and start the programs again; then: usher keys rotate --use';
      out.result({ file, step, keys: ids }, () => `${keysText(ids)}\n${next}`);
      return undefined;
    },
  });
}

function fileOf(context: CliContext, named: string | undefined): string {
  const { USHER_SECRETS_FILE: set } = context.env;
  const file = resolve(named ?? (set || defaultSecretsFile(dataDirOf(context))));
  if (!existsSync(file)) throw refused('not_found', `There is no secrets file at ${file}.`);
  return file;
}

function keysText(ids: Record<KeyPurpose, string[]>): string {
  return table(
    ['for', 'signs or seals', 'also opens or verifies'],
    keyPurposes.map((purpose) => {
      const [first, ...others] = ids[purpose];
      return [purpose, first, others.join(' ')];
    }),
  );
}
