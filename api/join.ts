import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Gate } from '../admission/gate.js';
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
    deps.fans.check(claims);
    const { fanId } = claims;
    await deps.limits.take('join', { address, fanId });
    const shown = parseWith(joinBody, body, 'body');
    return join(deps.gate, { saleId, fanId, body: shown, receipt: headers['usher-receipt'] });
  };
}

/** Takes a place; the receipt may come in the body or in the header `Usher-Receipt`. */
export async function join(
  gate: Gate,
  ask: {
    saleId: string;
    fanId: string;
    body: JoinBody;
    receipt: string | string[] | undefined;
  },
): Promise<Answer> {
  const { saleId, fanId, body } = ask;
  const shown = body.receipt ?? receiptHeader(ask.receipt);
  const { created, place } = await gate.join({
    saleId,
    fanId,
    ...(shown ? { receipt: shown } : {}),
    ...(body.challenge ? { challenge: body.challenge } : {}),
    ...(body.code ? { code: body.code } : {}),
  });
  return { status: created ? 201 : 200, body: place };
}

/** A header that can't be a receipt is none; the gate judges the rest. */
export function receiptHeader(value: unknown): string | undefined {
  const parsed = receipt.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
