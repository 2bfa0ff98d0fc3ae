import { io } from 'socket.io-client';
import { type ClientEntry, nowMs } from './client-log.js';

/** A fan's page that hears pushes. */
export type Line = {
  /** Resolves with the pass when a push brings it; undefined when the time is over. */
  admitted(saleId: string, msMax: number): Promise<string | undefined>;
  watch(what: { sale_id?: string; show_id?: string }): void;
  close(): void;
};

const connectMsMax = 20_000;
/** Pushes that tell something of one fan or one show; the shared numbers are too many to keep. */
const noted = ['admitted', 'decision', 'reservation', 'booking', 'offer', 'seats'];
const kept = [
  ...['request_id', 'reservation_id', 'booking_id', 'show_id', 'sale_id', 'state', 'version'],
  ...['from_version', 'expires_at', 'error'],
];
let lines = 0;

export function openLine(
  url: string,
  { fan, token, note }: { fan: string; token: string; note: (entry: ClientEntry) => void },
): Line {
  const line = ++lines;
  const socket = io(url, {
    auth: { token },
    transports: ['websocket'],
    forceNew: true,
    timeout: connectMsMax,
    reconnectionDelay: 500,
    reconnectionDelayMax: 3_000,
  });
  const passes = new Map<string, string>();
  const waiting = new Map<string, (pass: string | undefined) => void>();
  const watched: { sale_id?: string; show_id?: string }[] = [];
  // A connection that was lost comes back watching nothing.
  socket.on('connect', () => {
    for (const what of watched) socket.emit('watch', what, () => undefined);
  });
  socket.onAny((event: string, body: Record<string, unknown>) => {
    if (!noted.includes(event)) return;
    const told = Object.fromEntries(
      kept.flatMap((name) => (name in body ? [[name, body[name]]] : [])),
    );
    note({ kind: 'push', fan, line, event, at: nowMs(), told });
    if (event !== 'admitted') return;
    passes.set(String(body.sale_id), String(body.pass));
    waiting.get(String(body.sale_id))?.(String(body.pass));
  });
  return {
    admitted: (saleId, msMax) => {
      const known = passes.get(saleId);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => {
        const end = (pass: string | undefined): void => {
          clearTimeout(timer);
          waiting.delete(saleId);
          resolve(pass);
        };
        const timer = setTimeout(() => end(undefined), msMax);
        waiting.set(saleId, end);
      });
    },
    watch: (what) => {
      watched.push(what);
      if (socket.connected) socket.emit('watch', what, () => undefined);
    },
    close: () => {
      for (const end of waiting.values()) end(undefined);
      socket.disconnect();
    },
  };
}
