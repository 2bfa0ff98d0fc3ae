// Joins a second: through HTTP beside a bare Express POST, and the script beside a bare ZADD.
import { join } from 'node:path';
import { openSigners } from '../../stage/tokens.js';
import { type Call, fire, type Measured } from '../fire.js';
import type { Running, Stage } from '../stage.js';
import { fanIdOf, fillRoom, inCalls, makeRoomSale, redisOf } from './rooms.js';

export type JoinSettings = { connections: number; joins: number; warmUp: number };

/** A bare Express POST that echoes, on the same machine in the same run. */
export async function measureEcho(stage: Stage, settings: JoinSettings): Promise<Measured> {
  const server = await stage.start('loadtest/baselines/plain-handler.js', {
    BASELINE_SHARD_URL: stage.shardUrl,
    BASELINE_PORT: '0',
  });
  try {
    const call: Call = { headers: {}, body: '{}' };
    const calls = Array.from({ length: settings.warmUp + settings.joins }, () => call);
    return await fire(Number(server.ready.port), '/echo', calls, settings);
  } finally {
    await server.stop();
  }
}

/** First joins of different fans at one api process, in a sale that nobody is admitted to yet. */
export async function measureJoins(
  stage: Stage,
  api: Running,
  settings: JoinSettings & { saleId: string; from: number },
): Promise<Measured> {
  const { saleId, from, warmUp, joins } = settings;
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const calls = Array.from({ length: warmUp + joins }, (_, index) => ({
    headers: { authorization: `Bearer ${sign.session(fanIdOf(from + index))}` },
    body: '{}',
  }));
  return fire(Number(api.ready.port), `/api/v1/sales/${saleId}/join`, calls, settings);
}

const membersMin = 10_000;

/** The join script and a bare pipelined ZADD of as many members, in turns on the same Redis. */
export async function measureScript(
  stage: Stage,
  api: Running,
  { count, rounds }: { count: number; rounds: number },
): Promise<{ script: number[]; zadd: number[] }> {
  const redis = redisOf(stage);
  const script: number[] = [];
  const zadd: number[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const bare = `bench:zadd:${round}`;
      zadd.push(
        await inCalls(0, Math.max(membersMin, count), (from, to) => {
          const pipeline = redis.pipeline();
          for (let no = from; no < to; no += 1) pipeline.zadd(bare, no, fanIdOf(no));
          return pipeline.exec();
        }),
      );
      await redis.unlink(bare);
      const saleId = `script-${round}`;
      await makeRoomSale(stage, saleId, { opensInMs: 3_600_000, ratePerMinute: 60 });
      await fetch(`http://127.0.0.1:${String(api.ready.port)}/api/v1/sales/${saleId}/room`);
      const filled = await fillRoom(stage, redis, { saleId, from: 0, count, draw: false });
      script.push(filled.per_second);
    }
    return { script, zadd };
  } finally {
    redis.disconnect();
  }
}
