import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { openGate } from '../admission/gate.js';
import { openProviderRate } from '../core/payments/provider-rate.js';
import { openPayments } from '../core/payments/stripe.js';
import { openWakeQueue } from '../core/queue/wake.js';
import { closeRedis, openRedis } from '../core/redis/connect.js';
import { assertRedis } from '../core/redis/footing.js';
import { redisNames } from '../core/redis/keys.js';
import { subscribe } from '../core/redis/news.js';
import { type Program, runProgram } from '../core/runtime/program.js';
import { loadSecrets } from '../core/runtime/secrets.js';
import { openTokens } from '../core/runtime/tokens.js';
import { openFanGuard } from '../core/store/catalog/fans.js';
import { acceptLimits, openDatabase } from '../core/store/database.js';
import { assertDatabase } from '../core/store/footing.js';
import { openShards } from '../core/store/shards.js';
import { openAccepting } from './accept/accepting.js';
import { openCapClaiming } from './accept/cap-claiming.js';
import { openOutcomes } from './accept/outcomes.js';
import { openPassClaiming } from './accept/pass-claiming.js';
import { openShowFacts } from './accept/show-facts.js';
import { buildApp } from './app.js';
import { buildServer } from './http.js';
import { openLimits } from './limits.js';
import { openMetrics } from './metrics.js';
import { openSockets } from './sockets.js';

const paymentMsMax = 10_000;

async function main({ config, log, lifecycle }: Program): Promise<void> {
  const node = randomBytes(4).toString('hex');
  const names = redisNames(config.redisPrefix);
  const secrets = loadSecrets(config);
  const tokens = openTokens(secrets);
  const catalog = openDatabase(config.catalogUrl);
  await assertDatabase(catalog, 'catalog');
  const kept = { log, secrets, strict: true };
  const shards = await openShards(catalog, config.shardUrls, kept);
  lifecycle.onClose('databases', async () => {
    await shards.close();
    await catalog.close();
  });
  const onRedisError = (error: Error) => log.debug({ err: error.message }, 'redis');
  const redis = openRedis(config.redisUrl, 'command', onRedisError);
  await assertRedis(redis, log);
  const subscriber = openRedis(config.redisUrl, 'subscriber', onRedisError);
  // Nobody waits for a wake-up, so its connection may wait for Redis.
  const wakeRedis = openRedis(config.redisUrl, 'worker', onRedisError);
  const wake = openWakeQueue(wakeRedis, names, onRedisError);
  lifecycle.onClose('redis', async () => {
    await wake.close();
    for (const connection of [redis, subscriber, wakeRedis]) closeRedis(connection);
  });
  const gate = openGate({ redis, names, catalog, shards, tokens, secrets, log });
  const payments = openPayments({
    secretKey: config.payments.secretKey,
    apiBase: config.payments.apiBase,
    webhookSecret: config.payments.webhookSecret,
    timeoutMs: paymentMsMax,
    rate: openProviderRate({ redis, names, perSecond: config.payments.ratePerSecond }),
  });
  const fans = await openFanGuard(catalog);
  const acceptShards = await openShards(catalog, config.shardUrls, {
    ...kept,
    limits: acceptLimits,
  });
  const acceptCatalog = openDatabase(config.catalogUrl, acceptLimits);
  lifecycle.onClose('accepting', async () => {
    await acceptShards.close();
    await acceptCatalog.close();
  });
  const accepting = openAccepting(acceptShards, wake.wake);
  const outcomes = openOutcomes(shards, log);
  lifecycle.onClose('waiting calls', () => {
    outcomes.close();
    fans.close();
    gate.close();
    payments.close();
  });
  let socketCount = () => 0;
  const metrics = openMetrics(() => socketCount(), accepting.depth);
  const deps = {
    config,
    log,
    node,
    catalog,
    shards,
    redis,
    names,
    tokens,
    secrets,
    limits: openLimits(redis, names, config.limits),
    gate,
    payments,
    wake,
    accepting,
    passClaiming: openPassClaiming(acceptCatalog, shards, log),
    capClaiming: openCapClaiming(catalog, shards, log),
    outcomes,
    showFacts: openShowFacts(catalog, shards),
    fans,
    metrics,
  };
  const server = buildServer(buildApp(deps), deps);
  const sockets = openSockets(server, deps);
  socketCount = sockets.count;
  void subscribe(subscriber, names, node, (message) => {
    if (message.kind !== 'decisions') return sockets.heard(message);
    outcomes.heard(message.decisions);
    sockets.decided(message.decisions);
  }).catch(onRedisError);
  lifecycle.onClose('server', async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    await sockets.close();
    await closed;
  });
  server.listen(config.port, config.host, () => {
    log.info({ port: (server.address() as AddressInfo).port, node }, 'listening');
  });
}

await runProgram('api', process.env, main);
