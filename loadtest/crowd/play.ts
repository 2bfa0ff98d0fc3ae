import type { AuditReport } from '../audit/run.js';
import { describeCommit, describeMachine } from '../bench/report.js';
import { settle } from '../stage/settle.js';
import type { ClientLog } from './client-log.js';
import { type Figures, figuresOf } from './figures.js';
import type { Options } from './options.js';
import type { CrowdReport } from './report.js';
import { runCrowd } from './run.js';
import { type Played, play } from './scenario.js';
import { assertMayLoad, openOwn, openRunning, type Target } from './target.js';

const settleMsMax = 90_000;
const signUpShare = 0.02;
const signUpsMax = 40;
/** Fans that set out later than this by the 99th percentile make a run that proves little. */
const lateMsMax = 1_000;

export async function runScenario(
  options: Options,
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
): Promise<CrowdReport> {
  const played = play(options.wish);
  const target = await openTarget(options, { played, env, say });
  try {
    const result = await runCrowd({
      url: target.url,
      arrivals: played.arrivals,
      behaviour: played.behaviour,
      sales: target.sales,
      accounts: target.accounts,
      until: played.until,
      msMax: options.wish.msMax,
      progress: (now) =>
        say(
          `${String(Math.round(now.atMs / 1_000)).padStart(4)} s  ${now.under_way} fans under way, ${now.waiting} waiting, ${now.seats_left} seats left, ${now.open_calls} calls open`,
        ),
    });
    if (options.clientLog) await result.log.save(options.clientLog);
    const figures = figuresOf(result);
    say('fans are done; letting holds end, then counting');
    const want = { msMax: settleMsMax, clientLog: result.log };
    const audit = target.own ? (await settle(target.own, want)).report : null;
    return {
      name: options.wish.scenario,
      commit: describeCommit(),
      machine: describeMachine(),
      target: target.name,
      settings: { ...options.wish, behaviour: played.behaviour, sale: played.size },
      verdict: verdictOf(figures, audit, result.log),
      figures,
      audit,
    };
  } finally {
    await target.close();
  }
}

async function openTarget(
  options: Options,
  { played, env, say }: { played: Played; env: NodeJS.ProcessEnv; say: (text: string) => void },
): Promise<Target> {
  const { fans, shows } = options.wish;
  if (options.target !== undefined) {
    const url = assertMayLoad(options.target, options.owned);
    return openRunning(url, { fans, shows, sales: options.sales, say });
  }
  const signUps = Math.min(signUpsMax, Math.ceil(fans * signUpShare));
  return openOwn({ fans, sizes: [played.size], env, say, signUps });
}

export function verdictOf(
  figures: Figures,
  audit: AuditReport | null,
  log: ClientLog,
): CrowdReport['verdict'] {
  const twice = soldTwice(log);
  const failed = figures.endings.failed ?? 0;
  const late = figures.late.p99_ms;
  const reasons = [
    ...(twice > 0 ? [`${twice} seats were booked by two fans.`] : []),
    ...(figures.server_errors > 0 ? [`${figures.server_errors} answers were server errors.`] : []),
    ...(failed > 0 ? [`${failed} fans were left without an answer.`] : []),
    ...(audit && !audit.clean ? [`The auditor found ${audit.violations.length} breaches.`] : []),
  ];
  const good = reasons.length === 0;
  const sold = audit
    ? `${audit.exact.seats_sold} seats sold, none twice`
    : 'no seat was booked twice';
  return {
    good,
    text: good ? `Every promise held: ${sold}, every fan was answered.` : 'A promise was broken.',
    reasons: [
      ...reasons,
      ...(late > lateMsMax
        ? [`This machine made the crowd late (p99 ${Math.round(late)} ms): the latencies say less.`]
        : []),
    ],
  };
}

/** Seats that two bookings of different fans name, from what fans were told. */
export function soldTwice(log: ClientLog): number {
  const owners = new Map<string, Set<string>>();
  for (const call of log.calls) {
    if (call.op !== 'booking' || call.status !== 200) continue;
    for (const seat of (call.told.seats ?? []) as string[]) {
      const name = `${String(call.told.show_id)} ${seat}`;
      owners.set(name, (owners.get(name) ?? new Set()).add(call.fan));
    }
  }
  return [...owners.values()].filter((fans) => fans.size > 1).length;
}
