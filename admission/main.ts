import { assertFooting } from '../core/domain/footing.js';
import { closeRedis, openRedis } from '../core/redis/connect.js';
import { assertRedis } from '../core/redis/footing.js';
import { redisNames } from '../core/redis/keys.js';
import { type Program, runProgram } from '../core/runtime/program.js';
import { loadSecrets } from '../core/runtime/secrets.js';
import { openDatabase, usualLimits } from '../core/store/database.js';
import { checkDatabase } from '../core/store/footing.js';
import { openShards } from '../core/store/shards.js';
import { openPace } from './pace.js';
import { openPruning } from './pruning.js';
import { openPump } from './pump.js';

const connections = 8;
/** Asked once a second for each sale. */
const shardConnections = 4;

/** The process that lets people in: it ticks the rooms and tells everybody their numbers. */
async function main({ config, log, lifecycle }: Program): Promise<void> {
  const catalog = openDatabase(config.catalogUrl, { ...usualLimits, connections });
  lifecycle.onClose('catalog', () => catalog.close());
  assertFooting(await checkDatabase(catalog, 'catalog'));
  const redis = openRedis(config.redisUrl, 'command', (error) =>
    log.debug({ err: error }, 'Redis is away'),
  );
  lifecycle.onClose('redis', () => closeRedis(redis));
  await assertRedis(redis, log);
  const names = redisNames(config.redisPrefix);
  const secrets = loadSecrets(config);
  const limits = { ...usualLimits, connections: shardConnections };
  const shards = await openShards(catalog, config.shardUrls, { log, secrets, limits });
  lifecycle.onClose('shards', () => shards.close());
  const pace = openPace({ catalog, shards, redis, names, log });
  lifecycle.onClose('pace', () => pace.close());
  const pruning = openPruning({ catalog, redis, names, log });
  lifecycle.onClose('pruning', () => pruning.close());
  const pump = openPump({ redis, names, catalog, secrets, log, pace });
  lifecycle.onClose('pump', () => pump.close());
  pump.start();
  log.info('ready');
}

await runProgram('admission', process.env, main);
