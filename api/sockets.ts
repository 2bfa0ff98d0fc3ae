import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { z } from 'zod';
import { UsherError } from '../core/domain/errors.js';
import { formatId, formatShowId, parseShowId } from '../core/domain/ids.js';
import type { DecisionMessage, News } from '../core/redis/news.js';
import { grantBody, refusalOf } from './accept/answer.js';
import type { ApiDeps } from './deps.js';
import { readIdentity } from './identity.js';

const frameBytesMax = 4 * 1024;
const watchesMax = 8;
const badMessagesMax = 5;
/** Seat changes of a show are sent at most this often, as one message. */
const seatsEveryMs = 500;

const watchMessage = z.strictObject({
  sale_id: z.string().max(48).optional(),
  show_id: z.string().max(12).optional(),
});

export type Sockets = {
  heard(news: News): void;
  decided(messages: DecisionMessage[]): void;
  /** Pages connected to this process. */
  count(): number;
  close(): Promise<void>;
};

/** Pushes hints to pages. Everything in a push can also be read by GET. */
export function openSockets(http: HttpServer, deps: ApiDeps): Sockets {
  const io = new Server(http, {
    serveClient: false,
    maxHttpBufferSize: frameBytesMax,
    perMessageDeflate: false,
    pingInterval: 25_000,
    pingTimeout: 20_000,
    allowRequest: (req, done) => done(null, isAllowedOrigin(req.headers, deps)),
  });
  io.engine.use(refuseMethods);
  io.use((socket, next) => {
    try {
      const claims = readIdentity(`Bearer ${String(socket.handshake.auth.token)}`, deps.tokens);
      socket.data.fanId = claims.fanId;
      socket.data.expiresAtMs = claims.expiresAtMs;
      next();
    } catch {
      next(new Error('unauthenticated'));
    }
  });
  io.on('connection', (socket) => welcome(socket));
  const seats = openSeatsMerger((showId, message) => {
    io.to(showRoom(showId)).emit('seats', message);
  });
  return {
    heard: (news) => {
      if (news.kind === 'seats') seats.add(news);
      else emitNews(io, deps, news);
    },
    decided: (messages) => {
      for (const message of messages) {
        const room = fanRoom(message.fan_id);
        // Most fans of a rush have no page here, and a body is made for those who have.
        if (io.sockets.adapter.rooms.has(room)) io.to(room).emit('decision', decisionBody(message));
      }
    },
    count: () => io.engine.clientsCount,
    close: async () => {
      seats.close();
      await io.close();
    },
  };
}

function welcome(socket: Socket): void {
  void socket.join(fanRoom(socket.data.fanId));
  let bad = 0;
  let watching = 0;
  const refuse = (acknowledge: unknown, error: string): void => {
    bad += 1;
    if (typeof acknowledge === 'function') acknowledge({ error });
    if (bad >= badMessagesMax) socket.disconnect(true);
  };
  socket.on('watch', (message: unknown, acknowledge: unknown) => {
    const parsed = watchMessage.safeParse(message);
    if (!parsed.success || watching >= watchesMax) return refuse(acknowledge, 'malformed');
    watching += 1;
    const { sale_id: saleId, show_id: showId } = parsed.data;
    if (saleId !== undefined) void socket.join(saleRoom(saleId));
    const show = showId === undefined ? undefined : parseShowId(showId);
    if (show !== undefined) void socket.join(showRoom(show));
    if (typeof acknowledge === 'function') acknowledge({ ok: true });
  });
  socket.on('unwatch', (message: unknown, acknowledge: unknown) => {
    const parsed = watchMessage.safeParse(message);
    if (!parsed.success) return refuse(acknowledge, 'malformed');
    watching = Math.max(0, watching - 1);
    if (parsed.data.sale_id !== undefined) void socket.leave(saleRoom(parsed.data.sale_id));
    const show = parsed.data.show_id === undefined ? undefined : parseShowId(parsed.data.show_id);
    if (show !== undefined) void socket.leave(showRoom(show));
    if (typeof acknowledge === 'function') acknowledge({ ok: true });
  });
  socket.onAny((event: string, ...args: unknown[]) => {
    if (event !== 'watch' && event !== 'unwatch') refuse(args.at(-1), 'forbidden');
  });
  socket.on('error', () => socket.disconnect(true));
  // Nothing is told on a socket after its session is over.
  const over = setTimeout(
    () => socket.disconnect(true),
    Math.min(2 ** 31 - 1, Math.max(0, socket.data.expiresAtMs - Date.now())),
  );
  socket.on('disconnect', () => clearTimeout(over));
}

/** The transport answers other methods as if the fault were ours. */
function refuseMethods(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  if (/^(GET|POST|OPTIONS)$/.test(req.method ?? '')) {
    next();
    return;
  }
  const refusal = new UsherError('malformed', 'Sockets are spoken to by GET and POST.');
  const text = JSON.stringify(refusal.toProblem());
  const headers = { 'Content-Type': 'application/problem+json', 'Content-Length': text.length };
  res.writeHead(refusal.status, headers).end(text);
}

/** Browsers send an Origin: it must be ours. Programs send none and bring a token anyway. */
function isAllowedOrigin(
  headers: { origin?: string | undefined; host?: string | undefined },
  deps: ApiDeps,
): boolean {
  if (!headers.origin) return true;
  try {
    const origin = new URL(headers.origin);
    return origin.host === headers.host || origin.origin === new URL(deps.config.publicUrl).origin;
  } catch {
    return false;
  }
}

const fanRoom = (fanId: string) => `fan:${fanId}`;
const saleRoom = (saleId: string) => `sale:${saleId}`;
const showRoom = (showId: number) => `show:${showId}`;

function emitNews(io: Server, deps: ApiDeps, news: Exclude<News, { kind: 'seats' }>): void {
  const at = new Date().toISOString();
  if (news.kind === 'room') {
    io.to(saleRoom(news.sale_id)).emit('room', { ...news.room, at });
  } else if (news.kind === 'admitted') {
    io.to(fanRoom(news.fan_id)).emit('admitted', {
      sale_id: news.sale_id,
      pass: deps.tokens.signPass({
        passId: news.pass_id,
        fanId: news.fan_id,
        saleId: news.sale_id,
        expiresAtMs: news.expires_at_ms,
      }),
      pass_expires_at: new Date(news.expires_at_ms).toISOString(),
      at,
    });
  } else if (news.kind === 'reservation') {
    io.to(fanRoom(news.fan_id)).emit('reservation', { ...news.reservation, at });
  } else if (news.kind === 'offer') {
    io.to(fanRoom(news.fan_id)).emit('offer', { ...news.offer, at });
  } else if (news.kind === 'booking') {
    io.to(fanRoom(news.fan_id)).emit('booking', { ...news.booking, at });
  } else if (news.kind === 'called') {
    bringBack(io, deps, news);
  } else {
    deps.gate.hear(news);
  }
}

/** A connected page is a sign of life: its fan, who was silent at the turn, is served first. */
function bringBack(io: Server, { gate }: ApiDeps, news: Extract<News, { kind: 'called' }>): void {
  for (const fanId of news.fan_ids) {
    if (!io.sockets.adapter.rooms.has(fanRoom(fanId))) continue;
    void gate.place({ saleId: news.sale_id, fanId }).catch(() => undefined);
  }
}

function decisionBody(message: DecisionMessage): Record<string, unknown> {
  const requestId = formatId('request', { showId: message.show_id, no: message.no });
  const common = {
    request_id: requestId,
    show_id: formatShowId(message.show_id),
    state: message.state.toLowerCase(),
    version: message.no,
    at: new Date().toISOString(),
  };
  if (message.state === 'GRANTED') return { ...grantBody(message), ...common };
  const refusal = refusalOf(message, requestId);
  return { ...common, error: refusal.code, detail: refusal.message, ...refusal.extra };
}

type SeatsNews = Extract<News, { kind: 'seats' }>;
type Merged = {
  from: number;
  to: number;
  changes: Map<string, string>;
  /** The newest prices known, and whether they are news. */
  priceVersion: number;
  repriced: boolean;
  timer: NodeJS.Timeout | undefined;
};

/**
 * Joins the changes of a show into one delta from the version sent last. A version that is
 * missing in between shows up as a gap at the page, which then reads the map again.
 */
function openSeatsMerger(send: (showId: number, message: Record<string, unknown>) => void) {
  const merged = new Map<number, Merged>();
  /** The newest versions of seats and prices of each show that were sent. */
  const sent = new Map<number, { to: number; priceVersion: number }>();
  const flush = (showId: number): void => {
    const entry = merged.get(showId);
    if (!entry) return;
    clearTimeout(entry.timer);
    merged.delete(showId);
    sent.set(showId, { to: entry.to, priceVersion: entry.priceVersion });
    send(showId, {
      show_id: formatShowId(showId),
      from_version: entry.from,
      version: entry.to,
      changes: [...entry.changes],
      ...(entry.repriced ? { price_version: entry.priceVersion } : {}),
      at: new Date().toISOString(),
    });
  };
  return {
    add: (news: SeatsNews): void => {
      let entry = merged.get(news.show_id);
      const known = entry ?? sent.get(news.show_id) ?? { to: 0, priceVersion: -1 };
      // What was held up on its way, as by a Redis that slept, tells pages nothing new.
      const isOld = news.version <= known.to;
      const repriced = (news.price_version ?? -1) > known.priceVersion;
      if (isOld && !repriced) return;
      if (entry && !isOld && news.version !== entry.to + 1) flush(news.show_id);
      entry = merged.get(news.show_id);
      if (!entry) {
        const timer = setTimeout(() => flush(news.show_id), seatsEveryMs);
        // New prices alone move no seat, so they begin where they end.
        const moves = !isOld && news.changes.length > 0;
        const before = moves ? news.version - 1 : Math.max(known.to, news.version);
        const { priceVersion } = known;
        const changes = new Map<string, string>();
        entry = { from: before, to: before, changes, priceVersion, repriced: false, timer };
        merged.set(news.show_id, entry);
      }
      entry.to = Math.max(entry.to, news.version);
      entry.repriced ||= repriced;
      entry.priceVersion = Math.max(entry.priceVersion, news.price_version ?? -1);
      if (isOld) return;
      for (const [seat, state] of news.changes) entry.changes.set(seat, state);
    },
    close: (): void => {
      for (const entry of merged.values()) clearTimeout(entry.timer);
      merged.clear();
    },
  };
}
