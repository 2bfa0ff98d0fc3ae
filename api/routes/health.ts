import { z } from 'zod';
import { withDeadline } from '../../core/runtime/lifecycle.js';
import { readNowMs } from '../../core/store/database.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';

const checkMsMax = 1_500;
/** A process whose clock differs more than this from the database's must not serve. */
const skewMsMax = 1_000;

const readiness = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), reason: z.string().optional() })),
});

export function healthRoutes(deps: ApiDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/healthz',
      summary: 'Alive',
      identity: 'none',
      answers: { 200: z.object({ alive: z.boolean() }) },
      handle: async () => ({ status: 200, body: { alive: true } }),
    }),
    route({
      method: 'get',
      path: '/readyz',
      summary: 'Ready to serve, with reasons',
      identity: 'none',
      answers: { 200: readiness, 503: readiness },
      handle: async () => {
        const body = await checkReadiness(deps);
        return { status: body.ready ? 200 : 503, body };
      },
    }),
    route({
      method: 'get',
      path: '/metrics',
      summary: 'For Prometheus',
      identity: 'none',
      answers: { 200: 'binary' },
      handle: async () => ({
        status: 200,
        raw: {
          type: deps.metrics.registry.contentType,
          data: await deps.metrics.registry.metrics(),
        },
      }),
    }),
  ];
}

/**
 * Ready means that fans can be served: the catalog and at least one shard answer and the clocks
 * agree. A single shard or Redis away is told, but the others go on selling.
 */
async function checkReadiness(deps: ApiDeps): Promise<z.infer<typeof readiness>> {
  const catalog = await check('catalog', async () => {
    const skewMs = Math.abs((await readNowMs(deps.catalog)) - Date.now());
    if (skewMs > skewMsMax) throw new Error(`this clock is ${skewMs} ms off the database's`);
  });
  const shards = await Promise.all(
    deps.shards.ids().map((id) => check(`shard ${id}`, () => readNowMs(deps.shards.byId(id)))),
  );
  const away = deps.shards
    .away()
    .map((name) => ({ name: `shard ${name}`, ok: false, reason: 'no answer since the start' }));
  const redis = await check('redis', () => deps.redis.ping());
  const ready = catalog.ok && shards.some((shard) => shard.ok);
  return { ready, checks: [catalog, ...shards, ...away, redis] };
}

async function check(
  name: string,
  ask: () => Promise<unknown>,
): Promise<{ name: string; ok: boolean; reason?: string }> {
  try {
    const answered = await withDeadline(
      ask().then(() => true),
      checkMsMax,
      () => undefined,
    );
    return answered ? { name, ok: true } : { name, ok: false, reason: 'no answer in time' };
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    const own = message.startsWith('this clock');
    return { name, ok: false, reason: own ? message : (code ?? 'no answer') };
  }
}
