import { type BenchReport, describeCommit, describeMachine, median } from './report.js';
import { measureEcho, measureJoins, measureScript } from './room/joins.js';
import { measureMillion } from './room/million.js';
import { judgePlan } from './room/plan.js';
import { makeRoomSale } from './room/rooms.js';
import { measureSockets } from './room/sockets.js';
import { openStage, type Running, type Stage } from './stage.js';

export type RoomSettings = {
  rounds: number;
  connections: number;
  /** HTTP joins in one measurement, after `warmUp` that count for nothing. */
  joins: number;
  warmUp: number;
  /** Joins through the script alone. */
  scriptJoins: number;
  small: number;
  large: number;
  watchMs: number;
  turns: number;
  lookUps: number;
  sockets: number;
  steps: number;
  fans: number;
  seed: string;
};

export const roomSettings: RoomSettings = {
  rounds: 3,
  connections: 128,
  joins: 20_000,
  warmUp: 6_000,
  scriptJoins: 200_000,
  small: 1_000,
  large: 1_000_000,
  watchMs: 9_000,
  turns: 3,
  lookUps: 300,
  sockets: 10_000,
  steps: 400,
  fans: 300,
  seed: 'usher',
};

export const quickRoomSettings: RoomSettings = {
  ...roomSettings,
  rounds: 1,
  joins: 2_000,
  warmUp: 1_000,
  scriptJoins: 20_000,
  large: 50_000,
  watchMs: 3_000,
  turns: 2,
  lookUps: 60,
  sockets: 300,
  steps: 80,
};

/** The waiting room: joins, a million waiting, ten thousand pages, and a judged random plan. */
export async function benchRoom(
  settings: RoomSettings,
  say: (text: string) => void,
): Promise<BenchReport> {
  const stage = await openStage(false);
  const running: Running[] = [];
  try {
    const echo = [];
    for (let round = 0; round < settings.rounds; round += 1) {
      echo.push(await measureEcho(stage, settings));
    }
    const api = await stage.start('api/main.js');
    running.push(api, await stage.start('admission/main.js'));
    const joins = await joinRounds(stage, api, settings);
    say(`joins: ${per(joins)}/s through HTTP, a bare Express POST ${per(echo)}/s`);
    const { scriptJoins: count, rounds } = settings;
    const { script, zadd } = await measureScript(stage, api, { count, rounds });
    say(`the join script: ${round(median(script))}/s, a bare ZADD ${round(median(zadd))}/s`);
    const judged = await judgePlan(stage, api, settings);
    say(`the random plan: ${JSON.stringify(judged)}`);
    const pages = await measureSockets(stage, api, settings, say);
    const million = await measureMillion(stage, api, settings, say);
    const row = (scenario: string, variant: string, list: Taken[], base: Taken[]) => ({
      scenario,
      variant,
      per_second: median(list.map((one) => one.per_second)),
      p50_ms: median(list.map((one) => one.p50_ms)),
      p99_ms: median(list.map((one) => one.p99_ms)),
      ratio: median(list.map((one) => one.per_second)) / median(base.map((one) => one.per_second)),
    });
    const bare = (list: number[]): Taken[] =>
      list.map((per_second) => ({ per_second, p50_ms: 0, p99_ms: 0 }));
    return {
      name: 'room',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: { ...settings, ratio_of: 'the bare variant of the same scenario' },
      rows: [
        row('joins through HTTP', 'bare Express POST', echo, echo),
        row('joins through HTTP', 'Usher, one api process', joins, echo),
        row('joins in Redis', 'bare pipelined ZADD', bare(zadd), bare(zadd)),
        row('joins in Redis', 'the join script', bare(script), bare(zadd)),
      ],
      figures: { ...million, ...pages },
      exact: judged,
    };
  } finally {
    for (const one of running) await one.stop();
    await stage.close();
  }
}

type Taken = { per_second: number; p50_ms: number; p99_ms: number };

const round = (value: number): number => Math.round(value);
const per = (list: Taken[]): number => round(median(list.map((one) => one.per_second)));

async function joinRounds(stage: Stage, api: Running, settings: RoomSettings): Promise<Taken[]> {
  const joins: Taken[] = [];
  for (let turn = 0; turn < settings.rounds; turn += 1) {
    const saleId = `joins-${turn}`;
    await makeRoomSale(stage, saleId, { opensInMs: 3_600_000, ratePerMinute: 60 });
    const from = turn * (settings.warmUp + settings.joins);
    const taken = await measureJoins(stage, api, { ...settings, saleId, from });
    if (taken.failed > 0) throw new Error(`${taken.failed} joins failed`);
    joins.push(taken);
  }
  return joins;
}
