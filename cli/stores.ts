import { type Config, readConfig } from '../core/runtime/config.js';
import { loadSecrets, type Secrets } from '../core/runtime/secrets.js';
import { localEnv } from '../core/runtime/supervisor-env.js';
import {
  type Database,
  type DatabaseLimits,
  isUnreachable,
  openDatabase,
} from '../core/store/database.js';
import { openShards, type Shards } from '../core/store/shards.js';
import { type CliContext, dataDirOf } from './context.js';
import { unreachable } from './exit.js';

/**
 * The settings for a command that works on the databases directly: the environment's, completed
 * by those of the local Usher. @throws CliError (exit 3) when neither names the databases.
 */
export function directConfig(context: CliContext): Config {
  const env = localEnv(dataDirOf(context), context.env) ?? context.env;
  try {
    return readConfig(env);
  } catch (error) {
    throw unreachable((error as Error).message);
  }
}

export type DirectStores = {
  config: Config;
  secrets: Secrets;
  catalog: Database;
  shards: Shards;
  close(): Promise<void>;
};

/**
 * Opens catalog and shards. @throws CliError (exit 3) when one doesn't answer that the command
 * needs.
 */
export async function openStores(
  context: CliContext,
  { limits, mayMiss = false }: { limits?: DatabaseLimits; mayMiss?: boolean } = {},
): Promise<DirectStores> {
  const config = directConfig(context);
  const secrets = loadSecrets(config);
  const catalog = openDatabase(config.catalogUrl);
  try {
    const shards = await openShards(catalog, config.shardUrls, {
      secrets,
      ...(limits ? { limits } : {}),
    });
    const [missing] = shards.away();
    if (missing !== undefined && !mayMiss) {
      await shards.close();
      throw unreachable(
        `Shard ${missing} does not answer, and this command needs all of them. See \`./usher doctor\`.`,
      );
    }
    const close = async () => {
      await shards.close();
      await catalog.close();
    };
    return { config, secrets, catalog, shards, close };
  } catch (error) {
    await catalog.close();
    throw storeError(error);
  }
}

/** A database that doesn't answer is exit 3; anything else stays what it is. */
export function storeError(error: unknown): unknown {
  if (!isUnreachable(error)) return error;
  return unreachable(
    `A database does not answer (${(error as Error).message}). Is Usher running? See \`./usher doctor\`.`,
  );
}
