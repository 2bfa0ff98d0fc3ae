// Ten thousand pages on real sockets: when the last of them has the new numbers, and what it costs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { sleep } from '../../stage/programs.js';
import { openSigners } from '../../stage/tokens.js';
import type { Running, Stage } from '../stage.js';
import { fanIdOf, makeRoomSale } from './rooms.js';

export type SocketSettings = { sockets: number; watchMs: number };

const connectAtOnce = 200;
const tellEvery = 2_000;
/** Files and ports that both ends need besides. */
const spare = 1_000;
const connectMsMax = 120_000;

type Round = { first: number; last: number; heard: number };

export async function measureSockets(
  stage: Stage,
  api: Running,
  settings: SocketSettings,
  say: (text: string) => void,
): Promise<Record<string, number>> {
  assertRoom(settings.sockets);
  const url = `http://127.0.0.1:${String(api.ready.port)}`;
  const saleId = 'sockets';
  await makeRoomSale(stage, saleId, { opensInMs: 3_600_000, ratePerMinute: 60 });
  await fetch(`${url}/api/v1/sales/${saleId}/room`);
  const sign = openSigners(join(stage.dataDir, 'data', 'secrets.json'));
  const rounds = new Map<string, Round>();
  const hear = (room: { sale_id: string; updated_at: string }): void => {
    if (room.sale_id !== saleId) return;
    const tookMs = Date.now() - Date.parse(room.updated_at);
    const round = rounds.get(room.updated_at) ?? { first: tookMs, last: tookMs, heard: 0 };
    rounds.set(room.updated_at, {
      first: Math.min(round.first, tookMs),
      last: Math.max(round.last, tookMs),
      heard: round.heard + 1,
    });
  };
  const sockets: Socket[] = [];
  try {
    for (let no = 0; no < settings.sockets; no += connectAtOnce) {
      const some = Array.from(
        { length: Math.min(connectAtOnce, settings.sockets - no) },
        (_, one) => connect(url, sign.session(fanIdOf(no + one)), { saleId, hear }),
      );
      sockets.push(...(await Promise.all(some)));
      if (sockets.length % tellEvery === 0) say(`${sockets.length} sockets`);
    }
    say(`${sockets.length} sockets are open`);
    await sleep(2_000);
    rounds.clear();
    const pid = Number(api.ready.pid);
    const cpuBefore = cpuMsOf(pid);
    const startMs = performance.now();
    await sleep(settings.watchMs);
    const seconds = (performance.now() - startMs) / 1_000;
    const cpuMs = cpuMsOf(pid) - cpuBefore;
    const whole = [...rounds.values()].filter((round) => round.heard >= sockets.length);
    if (whole.length === 0) throw new Error('no announcement reached every socket');
    const lasts = whole.map((round) => round.last).sort((a, b) => a - b);
    const pages = (sockets.length * whole.length) / seconds;
    return {
      sockets: sockets.length,
      announcements_heard_by_all: whole.length,
      last_page_ms_p50: lasts[Math.floor(lasts.length / 2)] ?? 0,
      last_page_ms_max: lasts.at(-1) ?? 0,
      cpu_ms_per_10000_pages: Math.round((cpuMs / seconds / pages) * 10_000 * 10) / 10,
    };
  } finally {
    for (const socket of sockets) socket.disconnect();
  }
}

/** @throws Error when this machine allows too few files or local ports, before an hour is lost. */
function assertRoom(sockets: number): void {
  const files = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  if (files !== undefined && Number(files) < sockets + spare) {
    throw new Error(`${sockets} sockets need more than ${files} open files: raise ulimit -n`);
  }
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim();
  const [from = 0, to = 0] = range.split(/\s+/).map(Number);
  if (to - from < sockets + spare) {
    throw new Error(`${sockets} sockets need more local ports than ${from} to ${to}`);
  }
}

function connect(
  url: string,
  token: string,
  {
    saleId,
    hear,
  }: { saleId: string; hear: (room: { sale_id: string; updated_at: string }) => void },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = io(url, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: connectMsMax,
    });
    socket.on('room', hear);
    socket.on('connect_error', reject);
    socket.on('connect', () => {
      socket.emit('watch', { sale_id: saleId }, () => resolve(socket));
    });
  });
}

const clockTicksPerSecond = 100;

/** Time that a process has spent on processors; Linux alone tells it. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / clockTicksPerSecond;
}
