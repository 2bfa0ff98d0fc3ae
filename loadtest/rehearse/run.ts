// The real sale's settings on a throw-away Usher, with a crowd as large as the operator fears.
import { existsSync, readFileSync } from 'node:fs';
import type { RowDataPacket } from 'mysql2/promise';
import { figuresOf, spreadOf } from '../crowd/figures.js';
import { usualBehaviour } from '../crowd/plan.js';
import { type CrowdResult, runCrowd, type Sample } from '../crowd/run.js';
import { openOwn, type Target } from '../crowd/target.js';
import type { PrivateUsher } from '../stage/private-usher.js';
import { type Advice, adviceOf, type ProgramUse } from './advice.js';
import type { Rehearsal } from './settings.js';

export type RehearsalReport = {
  sale_id: string;
  fans: number;
  settings: Rehearsal;
  /** From the opening; null when seats were left at the end. */
  sold_out_after_seconds: number | null;
  seats_sold: number;
  seats_left: number;
  waiting_seconds: { fans: number; p50: number; p90: number; p99: number; max: number };
  reserve_p99_ms: number;
  server_errors: number;
  programs: ProgramUse[];
  advice: Advice;
};

const seatsPerRow = 20;
const openAfterMs = 8_000;
/** Seats may come back from unpaid holds, so a moment without any is no end. */
const soldOutSamples = 8;

export async function rehearse(
  wish: Rehearsal,
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<RehearsalReport> {
  const target = await openCopy(wish, env, say);
  try {
    if (!target.own) throw new Error('a rehearsal needs an Usher of its own');
    const before = cpuOf(target.own);
    const startMs = performance.now();
    const result = await runCrowd({ ...crowdOf(wish, target), ...untilSoldOut(say) });
    const elapsedMs = performance.now() - startMs;
    const programs = usesOf(before, cpuOf(target.own), elapsedMs);
    return await reportOf(wish, { own: target.own, result, programs });
  } finally {
    await target.close();
  }
}

/** As many shows and seats as the real sale has, with its pace, caps and holds. */
async function openCopy(
  wish: Rehearsal,
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<Target> {
  const target = await openOwn({
    fans: wish.fans,
    env,
    say,
    signUps: 0,
    sizes: [
      {
        saleId: 'rehearsal',
        shows: wish.shows,
        rows: Math.max(1, Math.ceil(wish.seats / wish.shows / seatsPerRow)),
        seatsPerRow: Math.min(seatsPerRow, Math.ceil(wish.seats / wish.shows)),
        opensInMs: openAfterMs,
        lobby: wish.lobby,
        ratePerMinute: wish.ratePerMinute,
        passCap: wish.passCap,
        holdSeconds: wish.holdSeconds,
      },
    ],
  });
  await target.own?.catalog.query(
    'UPDATE sales SET pass_seconds = ?, seat_cap = ?, version = version + 1',
    [wish.passSeconds, wish.seatCap],
  );
  for (const shard of target.own?.shards ?? []) {
    await shard.query('UPDATE show_head SET seat_cap = ?', [wish.seatCap]);
  }
  return target;
}

function crowdOf(wish: Rehearsal, target: Target) {
  return {
    url: target.url,
    arrivals: { fans: wish.fans, seed: wish.seed, overMs: wish.overMs, shape: 'surge' as const },
    behaviour: { ...usualBehaviour, seatsMost: Math.min(usualBehaviour.seatsMost, wish.seatCap) },
    sales: target.sales,
    accounts: target.accounts,
    until: 'paid' as const,
    msMax: wish.msMax,
  };
}

function untilSoldOut(say: (text: string) => void) {
  let empty = 0;
  return {
    stop: () => empty >= soldOutSamples,
    progress: (now: Sample) => {
      empty = now.seats_left === 0 ? empty + 1 : 0;
      say(
        `${String(Math.round(now.atMs / 1_000)).padStart(4)} s  ${now.waiting} waiting, ${now.seats_left} seats left, ${now.under_way} fans under way`,
      );
    },
  };
}

async function reportOf(
  wish: Rehearsal,
  ran: { own: PrivateUsher; result: CrowdResult; programs: ProgramUse[] },
): Promise<RehearsalReport> {
  const figures = figuresOf(ran.result);
  const { samples, marks } = ran.result;
  const opened = samples.find((sample) => sample.seats_left > 0);
  const empty = samples.find(
    (sample) => sample.seats_left === 0 && sample.atMs > (opened?.atMs ?? 0),
  );
  const admitted = marks.marks.filter((mark) => mark.kind === 'admitted');
  const openedMs = Math.min(...admitted.map((mark) => mark.atMs));
  const soldOut = ran.result.samples.at(-1)?.seats_left === 0 && empty !== undefined;
  const spread = spreadOf(admitted.map((mark) => mark.tookMs));
  const minutes =
    Math.max(1, (Math.max(...admitted.map((mark) => mark.atMs)) - openedMs) / 1_000) / 60;
  const reserveP99Ms = figures.ops.find(({ op }) => op === 'reserve')?.p99_ms ?? 0;
  const seats = await countSeats(ran.own);
  const seconds = (ms: number) => Math.round(ms / 100) / 10;
  const sorted = admitted.map((mark) => mark.tookMs).sort((a, b) => a - b);
  return {
    sale_id: wish.saleId,
    fans: wish.fans,
    settings: wish,
    sold_out_after_seconds: soldOut ? seconds(empty.atMs - openedMs) : null,
    ...seats,
    waiting_seconds: {
      fans: admitted.length,
      p50: seconds(spread.p50_ms),
      p90: seconds(sorted[Math.floor(sorted.length * 0.9)] ?? 0),
      p99: seconds(spread.p99_ms),
      max: seconds(spread.max_ms),
    },
    reserve_p99_ms: Math.round(reserveP99Ms),
    server_errors: figures.server_errors,
    programs: ran.programs,
    advice: adviceOf({
      admittedPerMinute: admitted.length === 0 ? wish.ratePerMinute : admitted.length / minutes,
      passSeconds: await meanPassSeconds(ran.own, wish.passSeconds),
      reserveP99Ms,
      programs: ran.programs,
    }),
  };
}

async function countSeats(own: PrivateUsher): Promise<{ seats_sold: number; seats_left: number }> {
  const count = { seats_sold: 0, seats_left: 0 };
  for (const shard of own.shards) {
    const [rows] = await shard.query<RowDataPacket[]>(
      "SELECT state IN ('HELD', 'BOOKED') AS sold, COUNT(*) AS n FROM show_seat GROUP BY sold",
    );
    for (const row of rows)
      count[Number(row.sold) === 1 ? 'seats_sold' : 'seats_left'] += Number(row.n);
  }
  return count;
}

/** How long passes were in use: the longer, the more must be live to keep the rate. */
async function meanPassSeconds(own: PrivateUsher, otherwise: number): Promise<number> {
  const [rows] = await own.catalog.query<RowDataPacket[]>(
    `SELECT AVG(TIMESTAMPDIFF(MICROSECOND, admitted_at, ended_at)) / 1000000 AS seconds
     FROM admission WHERE ended_at IS NOT NULL`,
  );
  return Number(rows[0]?.seconds ?? otherwise) || otherwise;
}

type Cpu = Map<string, number>;

/** Processor time of the programs of each kind in ms; none where the system doesn't tell. */
function cpuOf(own: PrivateUsher): Cpu {
  const cpu: Cpu = new Map();
  for (const { name, pid } of own.programs) {
    if (name === 'sandbox' || name === 'mailbox') continue;
    const file = `/proc/${pid}/stat`;
    const stat = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ms = (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
    cpu.set(name, (cpu.get(name) ?? 0) + ms);
  }
  return cpu;
}

function usesOf(before: Cpu, after: Cpu, elapsedMs: number): ProgramUse[] {
  return [...after].map(([name, ms]) => ({
    name,
    cores: Math.round(((ms - (before.get(name) ?? 0)) / elapsedMs) * 1_000) / 1_000,
  }));
}
