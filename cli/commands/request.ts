import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { fields, moneyText, table } from '../out.js';

const requestSchema = z.object({
  request_id: z.string(),
  show_id: z.string(),
  fan_id: z.string(),
  pass_id: z.string(),
  idempotency_key: z.string(),
  wish: z.record(z.string(), z.unknown()),
  state: z.string(),
  reason: z.string().nullable(),
  alternatives: z.array(z.array(z.string())),
  accepted_at: z.string(),
  decided_at: z.string().nullable(),
  decided_after_ms: z.number().nullable(),
  reservation: z
    .object({
      reservation_id: z.string(),
      state: z.string(),
      seats: z.array(z.string()),
      amount: z.number(),
      currency: z.string(),
      expires_at: z.string(),
    })
    .nullable(),
  log: z.array(
    z.object({
      lsn: z.number(),
      at: z.string(),
      kind: z.string(),
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
});

export function addRequestCommands(program: Command, session: Session): void {
  const request = addNoun(program, 'request', 'reservation requests and how they were decided');
  addCommand(request, session, {
    usage: 'show <request>',
    summary: 'show who asked for what, when, how it was decided and why',
    examples: ['usher request show req_c_1k9', 'usher request show res_c_1k9 --json'],
    run: async ({ args, out, context }) => {
      const path = `requests/${encodeURIComponent(args[0] ?? '')}`;
      const found = await openClient(context).get(path, requestSchema);
      out.result(found, () => requestText(found));
      return undefined;
    },
  });
}

function requestText(found: z.infer<typeof requestSchema>): string {
  const { reservation } = found;
  return [
    fields([
      ['request', found.request_id],
      ['show', found.show_id],
      ['who', found.fan_id],
      ['with pass', found.pass_id],
      ['wish', JSON.stringify(found.wish)],
      ['accepted at', found.accepted_at],
      ['decided at', found.decided_at],
      ['decided after', found.decided_after_ms === null ? null : `${found.decided_after_ms} ms`],
      ['outcome', found.state],
      ['why', found.reason],
      ['offered instead', found.alternatives.map((seats) => seats.join(' ')).join(' | ')],
      ['reservation', reservation && `${reservation.reservation_id} ${reservation.state}`],
      ['seats', reservation?.seats.join(' ')],
      ['amount', reservation && moneyText(reservation.amount, reservation.currency)],
      ['held until', reservation?.expires_at],
    ]),
    table(
      ['log', 'at', 'what', 'detail'],
      found.log.map((line) => [line.lsn, line.at, line.kind, JSON.stringify(line.detail)]),
    ),
  ].join('\n\n');
}
