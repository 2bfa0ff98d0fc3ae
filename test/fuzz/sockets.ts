import { io, type Socket } from 'socket.io-client';
import type { Random } from '../../loadtest/crowd/random.js';
import { until } from '../support/until.js';
import { hostileText, hostileValue, RawJson, toJson } from './values.js';

const answerMs = 5_000;

/** A page's socket. `refused` holds why the server would not have it. */
export function connect(url: string, auth: unknown): Socket {
  return io(url, {
    auth: auth as Record<string, unknown>,
    reconnection: false,
    forceNew: true,
    timeout: answerMs,
    transports: ['websocket'],
  });
}

/** Connected, refused or closed: whatever comes of a socket. */
export async function settled(socket: Socket): Promise<'connected' | 'refused'> {
  let refused = false;
  socket.once('connect_error', () => {
    refused = true;
  });
  socket.once('disconnect', () => {
    refused = true;
  });
  await until(() => socket.connected || refused, {
    ms: answerMs,
    what: 'an answer to a handshake',
  });
  return socket.connected ? 'connected' : 'refused';
}

/** What a client may put into its handshake. */
export function hostileAuth(random: Random): unknown {
  const value = plain(hostileValue(random));
  return random.pick<unknown>([
    { token: value },
    { token: hostileText(random) },
    { token: { toString: null } },
    { __proto__: null, token: [] },
    {},
    { token: 'a.b.c'.repeat(300) },
  ]);
}

const events = ['watch', 'watch', 'watch', 'unwatch', 'decision', 'error', 'message', '__proto__'];
const more = [
  '',
  'x'.repeat(300),
  'admitted',
  'constructor',
  'ping',
  'room',
  '\u0000',
  'newListener',
];

/** An event with payloads of any kind and number, with or without somebody who hears the answer. */
export function hostileEvent(random: Random): { event: string; args: unknown[] } {
  const event = random.pick([...events, ...more]) ?? 'watch';
  const message = () =>
    random.pick<unknown>([
      { sale_id: plain(hostileValue(random)) },
      { show_id: hostileText(random) },
      { sale_id: 'desk', show_id: '1', fuzz: 1 },
      { sale_id: hostileText(random).slice(0, 48) },
      plain(hostileValue(random)),
      Buffer.from('watch'),
      { sale_id: Buffer.alloc(10) },
      undefined,
    ]);
  return { event, args: Array.from({ length: random.whole(0, 3) }, message) };
}

/** As the client can send it: raw JSON becomes what it says. */
function plain(value: unknown): unknown {
  return value instanceof RawJson ? (JSON.parse(value.text) as unknown) : value;
}

/** Packets below socket.io, posted as polling does: broken, foreign, or of another session. */
export async function postPackets(url: string, random: Random): Promise<number> {
  const path = `${url}/socket.io/?EIO=4&transport=polling`;
  const opened = await (await fetch(path)).text();
  const sid = /"sid":"([^"]+)"/.exec(opened)?.[1] ?? '';
  const packet = random.pick([
    ...[
      '40',
      '40{"token":',
      '40[]',
      '40null',
      '40/admin,{}',
      '42["watch"',
      '42[]',
      '42[1]',
      '42{}',
    ],
    ...['43999["a"]', '451-["watch",{"_placeholder":true,"num":99}]', '459999-["watch"]', '46'],
    ...['4', '9', '', '2probe', '5', '1', '\u001e\u001e', 'b4AAAA', `42["${'x'.repeat(5_000)}"]`],
    ...[`42${toJson(new RawJson('['.repeat(2_000)))}`, '42["__proto__",{}]', '0{"sid":"x"}'],
  ]);
  const id = random.chance(0.8) ? sid : random.pick(['', 'x', '__proto__', '%00']);
  const response = await fetch(`${path}&sid=${id}`, {
    method: random.pick(['POST', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH']) ?? 'POST',
    headers: {
      'content-type': random.pick(['text/plain;charset=UTF-8', 'application/json']) ?? '',
    },
    body: packet ?? '',
  });
  await response.text();
  return response.status;
}
