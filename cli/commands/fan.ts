import type { Command } from 'commander';
import { z } from 'zod';
import { openClient } from '../client.js';
import { addCommand, addNoun, type Session } from '../command.js';
import { wrongUsage } from '../exit.js';
import { fields, moneyText, table } from '../out.js';

const fanSchema = z.object({
  fan_id: z.string(),
  state: z.string(),
  email: z.string().nullable(),
  name: z.string().nullable(),
  phone: z.string().nullable(),
  created_at: z.string(),
  passes: z.array(
    z.object({
      sale_id: z.string(),
      state: z.string(),
      admitted_at: z.string(),
      expires_at: z.string(),
    }),
  ),
  reservations: z.array(
    z.object({
      reservation_id: z.string(),
      show_id: z.string(),
      state: z.string(),
      seats: z.number(),
      amount: z.number(),
      currency: z.string(),
      created_at: z.string(),
    }),
  ),
  silent_shards: z.array(z.number()),
});
type Fan = z.infer<typeof fanSchema>;
const stateSchema = z.object({ fan_id: z.string(), state: z.string() });

/** Accounts: by id, or by mail address, which travels in the body only. */
export function addFanCommands(program: Command, session: Session): void {
  const fan = addNoun(program, 'fan', 'accounts of fans, over all shards');
  addCommand(fan, session, {
    usage: 'show <fan>',
    typedAs: { email: '<fan>' },
    summary: 'show an account, its passes and its reservations',
    examples: ['usher fan show ada@example.com', 'usher fan show 3k9x0a7b2c1d --json'],
    run: async ({ args, out, context }) => {
      const found = await findFan(openClient(context), args[0]);
      out.result(found, () => fanText(found));
      return undefined;
    },
  });
  addBan(fan, session, 'ban', 'end the passes of an account, and keep it waiting for ever');
  addBan(fan, session, 'unban', 'take a ban back; the account goes on from its old places');
  addCommand(fan, session, {
    usage: 'erase <fan>',
    typedAs: { email: '<fan>' },
    summary: 'erase the person: personal data is gone, the money records stay',
    examples: ['usher fan erase ada@example.com --yes'],
    options: (command) => command.option('--yes', 'it cannot be taken back'),
    run: async ({ args, options, out, context }) => {
      if (options.yes !== true) throw wrongUsage('This cannot be taken back; add --yes.');
      const client = openClient(context);
      const { fan_id } = await findFan(client, args[0]);
      const done = await client.post(`fans/${fan_id}/erase`, stateSchema, { body: {} });
      out.result(done, () => `${done.fan_id} is ${done.state}.`);
      return undefined;
    },
  });
}

function addBan(fan: Command, session: Session, verb: 'ban' | 'unban', summary: string): void {
  addCommand(fan, session, {
    usage: `${verb} <fan>`,
    typedAs: { email: '<fan>' },
    summary,
    examples: [`usher fan ${verb} ada@example.com --reason "see case 12"`],
    options: (command) => command.option('--reason <text>', 'why, for the audit'),
    run: async ({ args, options, out, context }) => {
      if (options.reason === undefined) throw wrongUsage('Say why: --reason TEXT.');
      const client = openClient(context);
      const { fan_id } = await findFan(client, args[0]);
      const body = { reason: options.reason };
      const done = await client.post(`fans/${fan_id}/${verb}`, stateSchema, { body });
      out.result(done, () => `${done.fan_id} is ${done.state}.`);
      return undefined;
    },
  });
}

async function findFan(client: ReturnType<typeof openClient>, who = ''): Promise<Fan> {
  const body = who.includes('@') ? { email: who } : { fan_id: who };
  return client.post('fans/find', fanSchema, { body });
}

function fanText(fan: Fan): string {
  return [
    fields([
      ['fan', fan.fan_id],
      ['state', fan.state],
      ['mail', fan.email],
      ['name', fan.name],
      ['phone', fan.phone],
      ['since', fan.created_at],
    ]),
    '',
    table(
      ['sale', 'pass', 'admitted', 'until'],
      fan.passes.map((pass) => [pass.sale_id, pass.state, pass.admitted_at, pass.expires_at]),
    ),
    '',
    table(
      ['reservation', 'show', 'state', 'seats', 'amount', 'made'],
      fan.reservations.map((one) => [
        one.reservation_id,
        one.show_id,
        one.state,
        one.seats,
        moneyText(one.amount, one.currency),
        one.created_at,
      ]),
    ),
    ...fan.silent_shards.map((shard) => `Shard ${shard} did not answer; its part is missing.`),
  ].join('\n');
}
