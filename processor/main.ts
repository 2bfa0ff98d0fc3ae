import { openGate } from '../admission/gate.js';
import type { MessageChannel } from '../core/domain/messages.js';
import { openGateway } from '../core/notify/gateway.js';
import { openMailer } from '../core/notify/mailer.js';
import { openWebPush } from '../core/notify/web-push.js';
import { openProviderRate } from '../core/payments/provider-rate.js';
import { openPayments } from '../core/payments/stripe.js';
import { type LaneRef, openWakeQueue, openWakeWorker } from '../core/queue/wake.js';
import { closeRedis, openRedis } from '../core/redis/connect.js';
import { assertRedis } from '../core/redis/footing.js';
import { redisNames } from '../core/redis/keys.js';
import { openTurns } from '../core/redis/turns.js';
import { type Program, runProgram } from '../core/runtime/program.js';
import { loadSecrets } from '../core/runtime/secrets.js';
import { openTokens } from '../core/runtime/tokens.js';
import { lanesLimits, openDatabase } from '../core/store/database.js';
import { assertDatabase } from '../core/store/footing.js';
import { openMover } from '../core/store/mover.js';
import { laneOf, lanesPerShard, openShards } from '../core/store/shards.js';
import { openAvailability } from './availability.js';
import { openEventPublisher } from './events/publisher.js';
import { type Lanes, openLanes } from './lanes/lanes.js';
import { openPauses } from './lanes/pauses.js';
import { openSweeper } from './lanes/sweeper.js';
import { tellDecided } from './lanes/tell.js';
import { openLoop } from './loop.js';
import { openAnnouncer } from './messages/announcer.js';
import { openSender } from './messages/sender.js';
import { openTurnNotices } from './messages/turn-notices.js';
import { openOutboxRelay } from './outbox/relay.js';
import { openReconciler } from './payments/reconciler.js';
import { openPruning } from './pruning.js';
import { openStaffTimers } from './staff-timers.js';
import { openUnsureClaims } from './unsure-claims.js';

/** Shards may join later, so there is room for as many as the configuration allows. */
const shardsMax = 64;
const paymentMsMax = 10_000;
const moveEveryMs = 1_000;

async function main({ config, log, lifecycle }: Program): Promise<void> {
  const names = redisNames(config.redisPrefix);
  const secrets = loadSecrets(config);
  const tokens = openTokens(secrets);
  const onRedisError = (error: Error) => log.debug({ err: error.message }, 'redis');
  const catalog = openDatabase(config.catalogUrl);
  await assertDatabase(catalog, 'catalog');
  const kept = { log, secrets, strict: true };
  const shards = await openShards(catalog, config.shardUrls, kept);
  // Lanes have their own connections, which the server drops soon when a process is paused.
  const limits = { ...lanesLimits, isolation: config.lanesIsolation };
  const laneShards = await openShards(catalog, config.shardUrls, { ...kept, limits });
  const redis = openRedis(config.redisUrl, 'command', onRedisError);
  await assertRedis(redis, log);
  const workerRedis = openRedis(config.redisUrl, 'worker', onRedisError);
  lifecycle.onClose('stores', async () => {
    closeRedis(redis);
    closeRedis(workerRedis);
    await Promise.all([laneShards.close(), shards.close(), catalog.close()]);
  });

  // Whoever asked for it: the sweeper comes back to what stays behind.
  const drain = (lane: LaneRef) =>
    lanes.drain(lane).catch((error: unknown) => {
      log.warn({ err: error, ...lane }, 'a lane stays behind');
      throw error;
    });
  const pauses = openPauses(catalog, (lane) => void drain(lane).catch(() => undefined));
  lifecycle.onClose('pauses', () => pauses.close());
  await pauses.look();
  const lanes: Lanes = openLanes({
    shards: laneShards,
    log,
    isPaused: pauses.isPaused,
    // Told while the database already looks for the next batch.
    onDecided: (shardId, shows) =>
      void setImmediate(() => tellDecided(redis, names, shardId, shows)),
  });
  const lanesMax = shardsMax * lanesPerShard;
  const worker = openWakeWorker(workerRedis, names, lanesMax, drain, onRedisError);
  lifecycle.onClose('wake worker', () => worker.close());
  const wakes = openWakeQueue(workerRedis, names, onRedisError);
  lifecycle.onClose('wake queue', () => wakes.close());
  const isRedisUp = () => redis.status === 'ready';
  const sweeper = openSweeper(laneShards, lanes, { isRedisUp, wake: wakes.wake, log });
  lifecycle.onClose('sweeper', () => sweeper.close());
  const mover = openMover(config.catalogUrl, { shards: laneShards }, log);
  const moving = openLoop('moves of shows', { log, pauseMs: moveEveryMs }, mover.turn);
  lifecycle.onClose('mover', async () => {
    await moving.close();
    await mover.close();
  });
  // What was accepted before a move and not decided is waiting on the new shard.
  laneShards.onMoved(({ showId, toShard, state }) => {
    if (state !== 'OPENED' || !laneShards.ids().includes(toShard)) return;
    drain({ shardId: toShard, lane: laneOf(showId) }).catch(() => undefined);
  });
  const pruning = openPruning({ catalog, shards, log });
  lifecycle.onClose('pruning', () => pruning.close());
  const claims = openUnsureClaims({ catalog, shards, log });
  lifecycle.onClose('unsure claims', () => claims.close());
  const availability = openAvailability(catalog, shards, log);
  lifecycle.onClose('availability', () => availability.close());

  const gate = openGate({ redis, names, catalog, shards, tokens, secrets, log });
  const payments = openPayments({
    secretKey: config.payments.secretKey,
    apiBase: config.payments.apiBase,
    webhookSecret: config.payments.webhookSecret,
    timeoutMs: paymentMsMax,
    rate: openProviderRate({ redis, names, perSecond: config.payments.ratePerSecond }),
  });
  const mailer = openMailer({
    urls: config.smtpUrls,
    from: config.mailFrom,
    openTurns: (server, perSecond) => openTurns(redis, `${names.mails}:${server}`, perSecond),
  });
  lifecycle.onClose('outside', () => {
    gate.close();
    payments.close();
    mailer.close();
  });
  const gateway = config.messageGateway && openGateway(config.messageGateway);
  const channels: MessageChannel[] = gateway ? ['mail', 'gateway'] : ['mail'];
  const money = {
    shards,
    catalog,
    payments,
    channels,
    log,
    redis,
    names,
    gate,
    publicUrl: config.publicUrl,
  };
  const reconciler = openReconciler(money);
  lifecycle.onClose('reconciler', () => reconciler.close());
  const staffTimers = openStaffTimers(money);
  lifecycle.onClose('staff timers', () => staffTimers.close());
  const relay = openOutboxRelay(money);
  lifecycle.onClose('outbox relay', () => relay.close());
  const writing = { catalog, shards, secrets, publicUrl: config.publicUrl, log, channels };
  const { vapid } = secrets;
  const webPush =
    vapid && openWebPush({ vapid, subject: mailtoOf(config.mailFrom), hosts: config.pushHosts });
  const sender = openSender(
    { ...writing, mailer, gateway, webPush },
    { connection: workerRedis, names, onError: onRedisError },
  );
  lifecycle.onClose('messages', () => sender.close());
  const turnNotices = openTurnNotices({ catalog, gate, log });
  lifecycle.onClose('turn notices', () => turnNotices.close());
  const events = openEventPublisher({
    ...{ shards, redis, names, log, webhook: config.eventsWebhook },
  });
  lifecycle.onClose('events', () => events.close());
  const announcer = openAnnouncer(writing);
  lifecycle.onClose('announcer', () => announcer.close());
  log.info({ shards: laneShards.ids(), lanesPerShard }, 'ready');
}

/** Whom a push service may write to when notes of ours go wrong. */
function mailtoOf(mailFrom: string): string {
  return `mailto:${/<([^>]+)>/.exec(mailFrom)?.[1] ?? mailFrom}`;
}

await runProgram('processor', process.env, main);
