// An Usher with two processors and two admissions, and a wire of ours at each place where a
// network could break.
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { makeAccounts } from '../crowd/target.js';
import { openPrivateUsher, type PrivateUsher } from '../stage/private-usher.js';
import type { Program } from '../stage/programs.js';
import { freeDisk } from '../stage/small-disk.js';
import type { Ground } from './cell.js';
import { openWire, type Wire } from './wire.js';

const clients = ['api', 'admission', 'admission 2', 'processor', 'processor 2'] as const;
type Client = (typeof clients)[number];
type Service = 'mysql' | 'redis' | 'provider' | 'smtp';

export type FaultWorld = {
  usher: PrivateUsher;
  /** Where fans call: a wire in front of the api. */
  url: string;
  front: Wire;
  /** From the provider to the api's webhook. */
  webhook: Wire;
  wire(from: Client, to: Service): Wire;
  /** The wires from all programs to one service. */
  wiresTo(to: Service): Wire[];
  program(label: string): Program;
  /** Changes the provider's own faults. */
  provider(faults: Record<string, unknown>): Promise<void>;
  /** A connection beside everybody else's, for faults made with SQL. */
  sql(): Connection;
  /** Heals every wire and process and engine, whatever a fault left. */
  heal(): Promise<void>;
  close(): Promise<void>;
};

/** What the engines have after their start, and room for many cells. */
const diskMib = { mysql: 420, redis: 64 };

const calmProvider = {
  slow_ms: 0,
  slow_answer_ms: 0,
  error_500_before_effect: 0,
  error_500_after_effect: 0,
  no_answer: 0,
  rate_limited: 0,
  webhooks: 'on',
};

export async function openFaultWorld(
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
  ground?: Ground,
): Promise<FaultWorld> {
  const wires = new Map<string, Wire>();
  let direct: NodeJS.ProcessEnv = {};
  const usher = await openPrivateUsher({
    env,
    say,
    shards: 2,
    processors: 2,
    admissions: 2,
    smallDisks: ground === 'small disks' ? diskMib : undefined,
    ownClocks: ground === 'own clocks',
    rewire: async (plain) => {
      direct = plain;
      return openWires(plain, wires);
    },
  });
  const wire = (name: string): Wire => {
    const found = wires.get(name);
    if (!found) throw new Error(`there is no wire ${name}`);
    return found;
  };
  const provider = async (faults: Record<string, unknown>) => {
    const answer = await fetch(new URL('/_sandbox/faults', direct.STRIPE_API_BASE), {
      method: 'POST',
      body: JSON.stringify(faults),
    });
    if (!answer.ok) throw new Error(`the sandbox refused ${JSON.stringify(faults)}`);
  };
  await makeAccounts(usher, { fans: 1, signUps: 0 });
  return {
    usher,
    url: `http://127.0.0.1:${wire('front').port}`,
    front: wire('front'),
    webhook: wire('webhook'),
    wire: (from, to) => wire(`${from} ${to}`),
    wiresTo: (to) => clients.map((from) => wire(`${from} ${to}`)),
    program: usher.program,
    provider,
    sql: () => usher.catalog,
    heal: () => healAll(usher, wires, provider),
    close: async () => {
      await usher.close();
      await Promise.all([...wires.values()].map((one) => one.close()));
    },
  };
}

async function openWires(
  direct: NodeJS.ProcessEnv,
  wires: Map<string, Wire>,
): Promise<(label: string) => NodeJS.ProcessEnv> {
  const portOf = (text: string | undefined) => Number(new URL(text ?? '').port);
  const services: Record<Service, () => number> = {
    mysql: () => portOf(direct.USHER_MYSQL_URL),
    redis: () => portOf(direct.USHER_REDIS_URL),
    provider: () => portOf(direct.STRIPE_API_BASE),
    smtp: () => portOf(direct.USHER_SMTP_URL),
  };
  for (const client of clients) {
    for (const [service, port] of Object.entries(services)) {
      wires.set(`${client} ${service}`, await openWire(port));
    }
  }
  const api = Number(direct.USHER_PORT);
  wires.set('front', await openWire(() => api));
  wires.set('webhook', await openWire(() => api));
  return (label) => envOf(label, direct, wires);
}

function envOf(
  label: string,
  direct: NodeJS.ProcessEnv,
  wires: Map<string, Wire>,
): NodeJS.ProcessEnv {
  const port = (name: string) => String(wires.get(name)?.port ?? '');
  if (!clients.includes(label as Client)) {
    const path = new URL(direct.SANDBOX_WEBHOOK_URL ?? '').pathname;
    return { ...direct, SANDBOX_WEBHOOK_URL: `http://127.0.0.1:${port('webhook')}${path}` };
  }
  const through = (text: string | undefined, service: Service) => {
    const url = new URL(text ?? '');
    url.port = port(`${label} ${service}`);
    return url.href.replace(/\/$/, '');
  };
  return {
    ...direct,
    USHER_MYSQL_URL: through(direct.USHER_MYSQL_URL, 'mysql'),
    USHER_SHARDS: direct.USHER_SHARDS?.split(',')
      .map((text) => through(text, 'mysql'))
      .join(','),
    USHER_REDIS_URL: through(direct.USHER_REDIS_URL, 'redis'),
    STRIPE_API_BASE: through(direct.STRIPE_API_BASE, 'provider'),
    USHER_SMTP_URL: through(direct.USHER_SMTP_URL, 'smtp'),
  };
}

async function healAll(
  usher: PrivateUsher,
  wires: Map<string, Wire>,
  provider: (faults: Record<string, unknown>) => Promise<void>,
): Promise<void> {
  for (const wire of wires.values()) wire.mode('through');
  for (const name of ['mysql', 'redis']) freeDisk(join(usher.dataDir, 'engines', name));
  for (const name of ['mysql', 'redis'] as const) usher.clocks?.move(name, 0);
  const { mysql, redis } = usher.engines;
  for (const engine of [mysql, redis]) {
    if (engine && engine.pid !== null) process.kill(engine.pid, 'SIGCONT');
    if (engine && engine.pid === null) await engine.start();
  }
  await usher.catalog.ping().catch(() => usher.reconnect());
  for (const program of usher.programs) {
    if (program.hasEnded()) await program.start();
    else program.resume();
  }
  await provider(calmProvider);
}
