import { openAccepting } from '../../api/accept/accepting.js';
import { openCapClaiming } from '../../api/accept/cap-claiming.js';
import { openOutcomes } from '../../api/accept/outcomes.js';
import { openPassClaiming } from '../../api/accept/pass-claiming.js';
import { reserveHandler } from '../../api/accept/reserve.js';
import { openShowFacts } from '../../api/accept/show-facts.js';
import type { ApiDeps } from '../../api/deps.js';
import { UsherError } from '../../core/domain/errors.js';
import { formatShowId } from '../../core/domain/ids.js';
import type { LaneRef } from '../../core/queue/wake.js';
import type { Logger } from '../../core/runtime/log.js';
import { openLanes } from '../../processor/lanes/lanes.js';
import type { TestShow } from './fixtures.js';
import { randomText } from './lane-world.js';
import type { PaymentWorld } from './payment-world.js';

export type Answered = { status: number; body: Record<string, unknown> };
export type Ask = {
  fanId?: string;
  show: Pick<TestShow, 'showId' | 'saleId'>;
  body: Record<string, unknown>;
  key?: string;
  passId?: string;
};

/** An api process that takes reservations, and a processor that decides them while `lanes` is on. */
export type Reserving = {
  reserve(ask: Ask): Promise<Answered>;
  setLanes(on: boolean): void;
  close(): void;
};

/** Brings the accepting part of an api to a world. `changed` replaces parts, for controls. */
export function openReserving(world: PaymentWorld, changed: Partial<ApiDeps> = {}): Reserving {
  const { stores, deps, tokens } = world;
  const { shards, catalog } = stores;
  const log: Logger = deps.log;
  const lanes = openLanes({ shards, log, onDecided: () => undefined });
  const outcomes = openOutcomes(shards, log);
  const asleep = new Set<LaneRef>();
  let on = true;
  const wake = (lane: LaneRef): void => {
    if (on) void lanes.drain(lane);
    else asleep.add(lane);
  };
  const handle = reserveHandler({
    ...{ ...deps, tokens, outcomes, node: 'test0000' },
    fans: { check: () => undefined },
    limits: { take: () => undefined },
    gate: { isRevoked: () => false },
    accepting: openAccepting(shards, wake),
    passClaiming: openPassClaiming(catalog, shards, log),
    capClaiming: openCapClaiming(catalog, shards, log),
    showFacts: openShowFacts(catalog, shards),
    ...changed,
  } as unknown as ApiDeps);
  return {
    reserve: async ({ fanId = randomText(12), show, body, key, passId = randomText(16) }) => {
      const expiresAtMs = Date.now() + 600_000;
      const pass = tokens.signPass({ passId, fanId, saleId: show.saleId, expiresAtMs });
      const headers = {
        authorization: `Bearer ${tokens.signSession({ fanId, epoch: 1, expiresAtMs })}`,
        'usher-pass': pass,
        'idempotency-key': key ?? randomText(16),
      };
      const asked = { show_id: formatShowId(show.showId), ...body };
      try {
        const { status, body: told } = await handle({ headers, body: asked, address: '::1' });
        return { status, body: told as Record<string, unknown> };
      } catch (error) {
        if (error instanceof UsherError) return { status: error.status, body: error.toProblem() };
        throw error;
      }
    },
    setLanes: (to) => {
      on = to;
      if (!on) return;
      for (const lane of asleep) void lanes.drain(lane);
      asleep.clear();
    },
    close: () => outcomes.close(),
  };
}
