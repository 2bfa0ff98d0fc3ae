import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type ClientEntry, nowMs } from './client-log.js';

export type Answer = {
  /** 0: no answer came. */
  status: number;
  body: Record<string, unknown>;
  retryAfterMs: number;
};
export type Ask = {
  fan: string;
  op: string;
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  token?: string | undefined;
  key?: string | undefined;
  pass?: string | undefined;
  receipt?: string | undefined;
  body?: unknown;
};

export type Caller = {
  call(ask: Ask): Promise<Answer>;
  /** Calls under way now. */
  open(): number;
  close(): void;
};

const answerMsMax = 30_000;
const connectionsMax = 1_024;
/** What of an answer goes into the client log: facts that can be compared, never tokens. */
const kept = [
  ...['reservation_id', 'request_id', 'booking_id', 'show_id', 'expires_at', 'amount', 'state'],
  ...['error', 'place', 'ahead', 'status', 'currency', 'fan_id', 'queue_position', 'epoch'],
];

/** Calls one Usher over kept connections and notes every call. Never throws. */
export function openCaller(url: string, note: (entry: ClientEntry) => void): Caller {
  const base = new URL(url);
  const secure = base.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: 256 };
  const agent = secure ? new HttpsAgent(options) : new HttpAgent(options);
  const send = secure ? httpsRequest : httpRequest;
  let open = 0;
  const once = (ask: Ask): Promise<Answer> =>
    new Promise((resolve) => {
      const text = ask.body === undefined ? undefined : JSON.stringify(ask.body);
      const none = () => resolve({ status: 0, body: {}, retryAfterMs: 0 });
      const request = send(
        new URL(ask.path, base),
        { agent, method: ask.method, headers: headersOf(ask, text), timeout: answerMsMax },
        (response) => readAnswer(response).then(resolve, none),
      );
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', none);
      request.end(text);
    });
  return {
    call: async (ask) => {
      const start = nowMs();
      open += 1;
      const answer = await once(ask);
      open -= 1;
      note({
        kind: 'call',
        fan: ask.fan,
        op: ask.op,
        ...(ask.key === undefined ? {} : { key: ask.key }),
        path: ask.path,
        start,
        end: nowMs(),
        status: answer.status,
        told: toldOf(answer.body),
      });
      return answer;
    },
    open: () => open,
    close: () => agent.destroy(),
  };
}

function headersOf(ask: Ask, text: string | undefined): Record<string, string> {
  return {
    ...(ask.token === undefined ? {} : { authorization: `Bearer ${ask.token}` }),
    ...(ask.key === undefined ? {} : { 'idempotency-key': ask.key }),
    ...(ask.pass === undefined ? {} : { 'usher-pass': ask.pass }),
    ...(ask.receipt === undefined ? {} : { 'usher-receipt': ask.receipt }),
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
  };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const retryAfterMs = Number(response.headers['retry-after'] ?? 0) * 1_000 || 0;
  return { status: response.statusCode ?? 0, body: parsed(text), retryAfterMs };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function toldOf(body: Record<string, unknown>): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  for (const name of kept) if (body[name] !== undefined) told[name] = body[name];
  if (Array.isArray(body.seats)) {
    told.seats = body.seats.map((one: unknown) => (one as { seat?: string }).seat ?? one);
  }
  return told;
}
