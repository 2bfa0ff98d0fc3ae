import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Gate, PlaceAsk } from '../admission/gate.js';
import type { ApiDeps } from './deps.js';
import { fanOf } from './identity.js';
import { parseWith } from './register.js';
import type { Answer } from './route.js';

const receipt = z.string().min(1).max(1_000);

export const joinBody = z.strictObject({
  challenge: z.string().max(2_000).optional(),
  code: z.string().max(64).optional(),
  receipt: receipt.optional(),
});
export type JoinBody = z.infer<typeof joinBody>;

/** A join past Express; `body` is as it came. */
export type JoinCall = {
  saleId: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  address: string;
};

/** The same checks in the same order as a route: identity, limit, shape, room. */
export function joinHandler(
  deps: Pick<ApiDeps, 'fans' | 'gate' | 'limits' | 'tokens'>,
): (call: JoinCall) => Promise<Answer> {
  return async ({ saleId, headers, body, address }) => {
    const claims = fanOf(headers.authorization, deps.tokens);
    const banned = deps.fans.isBanned(claims);
    if (!banned) deps.fans.check(claims);
    const { fanId } = claims;
    await takeJoin(deps, saleId, { address, fanId });
    const shown = parseWith(joinBody, body, 'body');
    return join(deps.gate, { saleId, fanId, banned, headers, body: shown });
  };
}

/**
 * Counts a join against the fan and, loosely, against the network.
 * @throws UsherError `slow_down`, which the room counts as caught.
 */
export async function takeJoin(
  { limits, gate }: Pick<ApiDeps, 'limits' | 'gate'>,
  saleId: string,
  who: { address: string; fanId: string },
): Promise<void> {
  try {
    await limits.take('join', who);
    await limits.take('join_network', who);
  } catch (error) {
    gate.note(saleId, 'slowed');
    throw error;
  }
}

type Asking = { saleId: string; fanId: string; banned: boolean; headers: IncomingHttpHeaders };

/** Takes a place; the receipt may come in the body or in the header `Usher-Receipt`. */
export async function join(gate: Gate, ask: Asking & { body: JoinBody }): Promise<Answer> {
  const { body } = ask;
  const { created, place } = await gate.join({
    ...askOf(ask, body.receipt),
    ...(body.challenge ? { challenge: body.challenge } : {}),
    ...(body.code ? { code: body.code } : {}),
  });
  return { status: created ? 201 : 200, body: place };
}

/** Whoever asks for a place, with what the headers say of the receipt and of the page. */
export function askOf({ saleId, fanId, banned, headers }: Asking, given?: string): PlaceAsk {
  const shown = given ?? receiptHeader(headers['usher-receipt']);
  const patient = /^(phone|hidden)$/.test(String(headers['usher-presence']));
  return { saleId, fanId, banned, patient, ...(shown ? { receipt: shown } : {}) };
}

/** A header that can't be a receipt is none; the gate judges the rest. */
function receiptHeader(value: unknown): string | undefined {
  const parsed = receipt.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
