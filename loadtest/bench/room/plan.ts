// A seeded random plan of joins, leaves, drops, pauses and rate changes, judged from outside: by
// what fans were told over HTTP and by the admissions in SQL.
import { join } from 'node:path';
import { randomOf } from '../../crowd/random.js';
import { sleep } from '../../stage/programs.js';
import { openSigners } from '../../stage/tokens.js';
import type { Running, Stage } from '../stage.js';
import { admissionsOf, fanIdOf, makeRoomSale } from './rooms.js';

export type PlanSettings = { seed: string; steps: number; fans: number };
export type Judged = {
  admissions: number;
  admissions_over_the_limit: number;
  passes_over_the_cap: number;
  duplicate_places: number;
  inversions: number;
};

type Limit = { fromMs: number; ratePerMinute: number; passCap: number };
type Told = { place: number; joined: number };

/** Between a decision in the room and its row in SQL, and between two processes' clocks. */
const slackMs = 1_500;
const fansFrom = 80_000_000;
const stepMs = 40;

export async function judgePlan(
  stage: Stage,
  api: Running,
  settings: PlanSettings,
): Promise<Judged> {
  const saleId = 'plan';
  const random = randomOf(settings.seed);
  const url = `http://127.0.0.1:${String(api.ready.port)}/api/v1`;
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const staff = sign.session('bench', 'ops');
  const passCap = 40;
  await makeRoomSale(stage, saleId, { ratePerMinute: 600, passCap });
  const limits: Limit[] = [{ fromMs: 0, ratePerMinute: 600, passCap }];
  const told = new Map<string, Told>();
  const gone = new Set<string>();
  const post = async (
    path: string,
    token: string,
    body: object,
  ): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status >= 500) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  const change = async (verb: string, body: object, limit: Partial<Limit>): Promise<void> => {
    const before = limits.at(-1);
    if (!before) return;
    const next = { ...before, ...limit };
    // Until the change has arrived either limit may hold, so the larger one is allowed.
    limits.push({ ...larger(before, next), fromMs: Date.now() });
    await post(`/staff/sales/${saleId}/${verb}`, staff, body);
    limits.push({ ...next, fromMs: Date.now() + slackMs });
  };
  let joined = 0;
  const some = (): string => fanIdOf(fansFrom + random.whole(0, settings.fans - 1));
  for (let step = 0; step < settings.steps; step += 1) {
    const what = random.next();
    const fanId = some();
    if (what < 0.75) {
      const place = await post(`/sales/${saleId}/join`, sign.session(fanId), {});
      if (typeof place.place === 'number') note(told, fanId, place.place, ++joined);
    } else if (what < 0.87) {
      gone.add(fanId);
      await post(`/sales/${saleId}/leave`, sign.session(fanId), {});
    } else if (what < 0.91) {
      const ratePerMinute = random.whole(60, 1_200);
      await change('rate', { rate_per_minute: ratePerMinute }, { ratePerMinute });
    } else if (what < 0.94) {
      const cap = random.whole(5, 60);
      await change('pass-cap', { pass_cap: cap }, { passCap: cap });
    } else if (what < 0.97) {
      await post(`/staff/sales/${saleId}/pause`, staff, {});
      await sleep(random.whole(50, 400));
      await post(`/staff/sales/${saleId}/resume`, staff, {});
    }
    await sleep(stepMs);
  }
  await sleep(slackMs);
  return judge(await admissionsOf(stage, saleId), { limits, told, gone });
}

const larger = (one: Limit, other: Limit): Limit => ({
  fromMs: 0,
  ratePerMinute: Math.max(one.ratePerMinute, other.ratePerMinute),
  passCap: Math.max(one.passCap, other.passCap),
});

function note(told: Map<string, Told>, fanId: string, place: number, joined: number): void {
  if (!told.has(fanId)) told.set(fanId, { place, joined });
}

function judge(
  admissions: { fanId: string; atMs: number; endMs: number }[],
  { limits, told, gone }: { limits: Limit[]; told: Map<string, Told>; gone: Set<string> },
): Judged {
  const most = (fromMs: number, toMs: number, field: 'ratePerMinute' | 'passCap'): number =>
    limits.reduce((found, limit, index) => {
      const endMs = limits[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      return limit.fromMs <= toMs && endMs >= fromMs ? Math.max(found, limit[field]) : found;
    }, 0);
  let overRate = 0;
  let overCap = 0;
  for (const [index, { atMs }] of admissions.entries()) {
    for (let first = Math.max(0, index - 200); first < index; first += 1) {
      const fromMs = admissions[first]?.atMs ?? atMs;
      const perMinute = most(fromMs - slackMs, atMs, 'ratePerMinute');
      const allowed = 2 + (perMinute * (atMs - fromMs + slackMs)) / 60_000;
      if (index - first + 1 > allowed) overRate += 1;
    }
    const live = admissions.filter((one) => one.atMs <= atMs && one.endMs > atMs + slackMs).length;
    if (live > most(atMs - 120_000, atMs, 'passCap')) overCap += 1;
  }
  const stayed = admissions.filter(({ fanId }) => !gone.has(fanId));
  const places = stayed.map(({ fanId }) => told.get(fanId)?.place ?? 0);
  return {
    admissions: admissions.length,
    admissions_over_the_limit: overRate,
    passes_over_the_cap: overCap,
    duplicate_places: told.size - new Set([...told.values()].map((one) => one.place)).size,
    inversions: places.filter((place, at) => at > 0 && place < (places[at - 1] ?? 0)).length,
  };
}
