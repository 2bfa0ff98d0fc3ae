import { io, type Socket } from 'socket.io-client';
import { session } from './keep.js';
import { jitter } from './pace.js';
import { createStore } from './store.js';
import type { Room, SeatDelta } from './types.js';

/** What the server pushes; everything here can also be read by GET. */
export interface Pushes {
  room: (room: Room) => void;
  admitted: (news: { sale_id: string; pass: string; pass_expires_at: string }) => void;
  decision: (news: { request_id: string }) => void;
  seats: (delta: SeatDelta) => void;
  reservation: (news: { reservation_id: string; state: string; expires_at?: string }) => void;
  offer: (news: { reservation_id: string; show_id: string; expires_at: string }) => void;
  booking: (news: { booking_id: string; state: string }) => void;
}

export interface Watched {
  sale_id?: string;
  show_id?: string;
}

/** Whether pushes arrive at the moment; pages poll when they don't. */
export const connected = createStore(false);

let socket: Socket | null = null;
const watched = new Map<string, { what: Watched; users: number }>();

function open(): Socket {
  if (socket !== null) return socket;
  const made = io({
    path: '/socket.io',
    // Pushes are for fans who are logged in; other pages ask now and then.
    autoConnect: session.get() !== null,
    auth: (give) => give({ token: session.get()?.token }),
    reconnectionDelay: 500,
    reconnectionDelayMax: 10_000,
    randomizationFactor: 0.6,
  });
  made.on('connect', () => {
    connected.set(true);
    for (const { what } of watched.values()) made.emit('watch', what, () => undefined);
  });
  made.on('disconnect', (reason) => {
    connected.set(false);
    // The library doesn't come back by itself when the server ended the connection.
    if (reason === 'io server disconnect') window.setTimeout(() => rejoin(made), jitter(2000));
  });
  made.on('connect_error', () => {
    // After a refusal by the server itself, as when it sheds load, the library gives up.
    if (!made.active) window.setTimeout(() => rejoin(made), jitter(5000));
  });
  socket = made;
  return made;
}

function rejoin(live: Socket): void {
  if (session.get() !== null && !live.active) live.connect();
}

// The handshake names the fan, so another session needs another handshake.
session.subscribe(() => {
  if (socket === null) return;
  socket.disconnect();
  rejoin(socket);
});

/** Watches a sale or a show until the returned function is called. */
export function watch(what: Watched): () => void {
  const live = open();
  const name = JSON.stringify(what);
  const entry = watched.get(name) ?? { what, users: 0 };
  watched.set(name, { what, users: entry.users + 1 });
  if (entry.users === 0 && live.connected) live.emit('watch', what, () => undefined);
  return () => {
    const users = (watched.get(name)?.users ?? 1) - 1;
    if (users > 0) {
      watched.set(name, { what, users });
      return;
    }
    watched.delete(name);
    if (live.connected) live.emit('unwatch', what, () => undefined);
  };
}

/** Hears one kind of push until the returned function is called. */
export function hear<K extends keyof Pushes>(event: K, listener: Pushes[K]): () => void {
  const live = open();
  const untyped = listener as (...args: unknown[]) => void;
  live.on(event as string, untyped);
  return () => {
    live.off(event as string, untyped);
  };
}
