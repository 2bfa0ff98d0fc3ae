import { createHmac } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { freePort } from '../../core/runtime/ports.js';
import { openSigners } from '../stage/tokens.js';
import { type Call, fire, type Measured } from './fire.js';
import { type BenchReport, type BenchRow, describeCommit, describeMachine } from './report.js';
import { holdAll, makeFans, makePlace, type SettleHold } from './settle-holds.js';
import { countExactly, makeSale } from './shows.js';
import { openStage, type Stage } from './stage.js';

export type SettleSettings = {
  /** Bookings that are paid, two seats each, over shows of 200 seats. */
  bookings: number;
  warmUp: number;
  connections: number;
  fans: number;
  /** Different events of the provider, and how often each comes, all at once. */
  events: number;
  repeats: number;
  /** Fans who come to the door, at one gate and then at four. */
  scanFans: number;
};

export const settleSettings: SettleSettings = {
  bookings: 1_000,
  warmUp: 100,
  connections: 64,
  fans: 100,
  events: 40,
  repeats: 100,
  scanFans: 25,
};

export const quickSettleSettings: SettleSettings = {
  bookings: 200,
  warmUp: 40,
  connections: 16,
  fans: 20,
  events: 4,
  repeats: 100,
  scanFans: 10,
};

const webhookSecret = 'whsec_bench';
const secretKey = 'sk_test_bench';
const mailsMsMax = 300_000;

type Servers = { api: number; sandbox: string; mails: string };

/** What paying costs: settled bookings, events a hundred times over, mails, scans at the door. */
export async function benchSettle(
  settings: SettleSettings,
  say: (text: string) => void,
): Promise<BenchReport> {
  const stage = await openStage(false);
  const stops: (() => Promise<void>)[] = [];
  try {
    await makeSale(stage.catalog);
    await makePlace(stage.catalog);
    const servers = await startServers(stage, stops);
    const fans = await makeFans(servers.api, settings.fans);
    const holds = await holdAll(stage, fans, settings.bookings + settings.warmUp);
    const startedMs = performance.now();
    const confirms = await payAll(stage, servers, holds, settings);
    say(`${Math.round(confirms.per_second)} settled bookings a second`);
    const mails = await mailsOf(servers, holds.length, startedMs);
    say(`${Math.round(mails.per_second)} mails a second`);
    const doors: BenchRow[] = [];
    for (const gates of [1, 4]) {
      const scans = await scanAt(stage, servers, fans.splice(0, settings.scanFans), gates);
      say(`${Math.round(scans.per_second)} scans a second at ${gates} gates`);
      doors.push(rowOf(`${gates} of the show's gates, one ticket after another`, 'scan', scans));
    }
    const events = await webhooks(servers, settings);
    say(`${Math.round(events.measured.per_second)} events a second`);
    const exact = await exactly(stage, servers, events.ids);
    return {
      name: 'settle',
      commit: describeCommit(),
      machine: describeMachine(),
      settings: { ...settings, ratio_of: 'none', provider: 'the local sandbox on this machine' },
      rows: [
        rowOf('a card that is good at once', 'confirm to booking', confirms),
        rowOf(
          `each event ${settings.repeats} times at once`,
          'stored and answered',
          events.measured,
        ),
        rowOf('tickets as PDF, from the first confirm on', 'mail accepted', mails),
        ...doors,
      ],
      exact,
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
    await stage.close();
  }
}

function rowOf(scenario: string, variant: string, measured: Measured): BenchRow {
  if (measured.failed > 0) throw new Error(`${measured.failed} calls of "${scenario}" failed`);
  const { per_second, p50_ms, p99_ms } = measured;
  return { scenario, variant, per_second, p50_ms, p99_ms, ratio: null };
}

async function startServers(stage: Stage, stops: (() => Promise<void>)[]): Promise<Servers> {
  const start = async (
    script: string,
    env: NodeJS.ProcessEnv,
  ): Promise<Record<string, unknown>> => {
    const running = await stage.start(script, env);
    stops.push(() => running.stop());
    return running.ready;
  };
  const api = await freePort();
  const sandbox = await start('sandbox/main.js', {
    SANDBOX_PORT: '0',
    SANDBOX_SECRET_KEY: secretKey,
  });
  const mails = join(stage.dataDir, 'mails');
  const mailbox = await start('mailbox/main.js', {
    MAILBOX_SMTP_PORT: '0',
    MAILBOX_HTTP_PORT: '0',
    MAILBOX_DATA: mails,
  });
  const env = {
    USHER_PORT: String(api),
    STRIPE_SECRET_KEY: secretKey,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_API_BASE: `http://127.0.0.1:${sandbox.port}`,
    USHER_SMTP_URL: `smtp://127.0.0.1:${mailbox.smtp_port}`,
    USHER_PROVIDER_RATE: '10000',
  };
  await start('processor/main.js', env);
  await start('api/main.js', env);
  return { api, sandbox: env.STRIPE_API_BASE, mails };
}

async function payAll(
  stage: Stage,
  servers: Servers,
  holds: SettleHold[],
  settings: SettleSettings,
): Promise<Measured> {
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const calls = holds.map(
    (hold, no): Call => ({
      headers: {
        authorization: `Bearer ${sign.session(hold.fanId)}`,
        'idempotency-key': `bench-${no}`,
      },
      body: JSON.stringify({ reservation_id: hold.id, payment_token: 'pm_card_visa' }),
    }),
  );
  return fire(servers.api, '/api/v1/confirm', calls, settings);
}

/** From the first confirm to the last mail; the relay works while fans still pay. */
async function mailsOf(servers: Servers, wanted: number, startedMs: number): Promise<Measured> {
  const deadline = performance.now() + mailsMsMax;
  let mails = 0;
  while (mails < wanted) {
    if (performance.now() > deadline) throw new Error(`${mails} of ${wanted} mails came`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    mails = (await readdir(servers.mails)).filter((name) => name.endsWith('.eml')).length;
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return { per_second: mails / seconds, p50_ms: 0, p99_ms: 0, failed: 0 };
}

/** Every ticket of these fans at the door: each gate waits for an answer before its next scan. */
async function scanAt(
  stage: Stage,
  { api }: Servers,
  fans: string[],
  gates: number,
): Promise<Measured> {
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const codes: string[] = [];
  for (const fan of fans) {
    const headers = { authorization: `Bearer ${sign.session(fan)}` };
    const read = async (path: string) =>
      (await fetch(`http://127.0.0.1:${api}/api/v1/bookings${path}`, { headers })).json();
    const { results } = (await read('')) as { results: { booking_id: string }[] };
    for (const { booking_id } of results) {
      const { tickets } = (await read(`/${booking_id}`)) as { tickets: { qr_code: string }[] };
      codes.push(...tickets.map((ticket) => ticket.qr_code));
    }
  }
  if (codes.length === 0) throw new Error('nobody at the door has a ticket');
  const headers = { authorization: `Bearer ${sign.session('bench', 'box_office')}` };
  const calls = codes.map((qr, no): Call => {
    return { headers, body: JSON.stringify({ qr, gate: `gate ${no % gates}` }) };
  });
  return fire(api, '/api/v1/staff/scan', calls, { connections: gates, warmUp: 0 });
}

/** Events of the provider's own list, signed as it signs them, each many times at once. */
async function webhooks(
  { api, sandbox }: Servers,
  settings: SettleSettings,
): Promise<{ measured: Measured; ids: string[] }> {
  const url = `${sandbox}/v1/events?limit=${settings.events}&type=payment_intent.succeeded`;
  const headers = { authorization: `Bearer ${secretKey}` };
  const list = (await (await fetch(url, { headers })).json()) as { data: { id: string }[] };
  const once = list.data.map((event): Call => {
    const body = JSON.stringify(event);
    const seconds = Math.floor(Date.now() / 1_000);
    const digest = createHmac('sha256', webhookSecret).update(`${seconds}.${body}`).digest('hex');
    return { headers: { 'stripe-signature': `t=${seconds},v1=${digest}` }, body };
  });
  const calls = once.flatMap((call) => Array.from({ length: settings.repeats }, () => call));
  const { connections } = settings;
  const measured = await fire(api, '/api/v1/payments/webhook', calls, { connections, warmUp: 0 });
  return { measured, ids: list.data.map((event) => event.id) };
}

async function exactly(
  stage: Stage,
  { sandbox }: Servers,
  eventIds: string[],
): Promise<BenchReport['exact']> {
  const count = async (from: Stage['shard'], sql: string, params: unknown[]): Promise<number> => {
    const [rows] = await from.query<RowDataPacket[]>(sql, params);
    return Number(rows[0]?.n ?? 0);
  };
  const ledger = (await (await fetch(`${sandbox}/_sandbox/ledger`)).json()) as {
    charges: { paid: boolean }[];
  };
  return {
    ...(await countExactly(stage.shard)),
    bookings: await count(stage.shard, 'SELECT COUNT(*) AS n FROM booking', []),
    charges: ledger.charges.filter((charge) => charge.paid).length,
    events_sent: eventIds.length,
    events_stored: await count(
      stage.catalog,
      'SELECT COUNT(*) AS n FROM inbox WHERE event_id IN (?)',
      [eventIds],
    ),
  };
}
