import { closeRedis, openRedis } from '../core/redis/connect.js';
import { redisNames } from '../core/redis/keys.js';
import { readConfig } from '../core/runtime/config.js';
import { closeOnSignal, openLifecycle } from '../core/runtime/lifecycle.js';
import { openLog } from '../core/runtime/log.js';
import { loadSecrets } from '../core/runtime/secrets.js';
import { openDatabase, readNowMs, usualLimits } from '../core/store/database.js';
import { openPump } from './pump.js';

const connections = 8;

/** The process that lets people in: it ticks the rooms and tells everybody their numbers. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = openLog('admission', config.logLevel);
  const lifecycle = openLifecycle(log);
  closeOnSignal(lifecycle, log);
  const catalog = openDatabase(config.catalogUrl, { ...usualLimits, connections });
  lifecycle.onClose('catalog', () => catalog.close());
  await readNowMs(catalog);
  const redis = openRedis(config.redisUrl, 'command', (error) =>
    log.debug({ err: error }, 'Redis is away'),
  );
  lifecycle.onClose('redis', () => closeRedis(redis));
  const pump = openPump({
    redis,
    names: redisNames(config.redisPrefix),
    catalog,
    secrets: loadSecrets(config),
    log,
  });
  lifecycle.onClose('pump', () => pump.close());
  pump.start();
  log.info('the pump runs');
}

await main();
