import { type Command, Option } from 'commander';
import { z } from 'zod';
import { askLine, readStdin } from '../ask.js';
import { clientOf } from '../client.js';
import { addCommand, type Session } from '../command.js';
import { loginFileOf } from '../context.js';
import { refused, wrongUsage } from '../exit.js';
import { removeLogin, saveLogin } from '../login-file.js';
import { signLocalToken } from '../target.js';

const roles = ['box_office', 'ops', 'admin'] as const;
const sessionSchema = z.object({
  name: z.string(),
  role: z.string(),
  token: z.string(),
  expires_at: z.string(),
});
const tokenHoursMax = 24;

/** `login`, `logout` and `token`: which Usher, and as whom. */
export function addLoginCommands(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'login <url>',
    summary: 'choose the Usher that the other commands talk to',
    examples: [
      'usher login https://tickets.example.com',
      'usher login http://localhost:3000 --name mira --password-stdin < secret',
      'usher login http://localhost:3000 --token "$(usher token --role ops)"',
    ],
    options: (command) =>
      command
        .option('--name <name>', 'your staff name')
        .option('--password-stdin', 'read the password from standard input')
        .option('--token <token>', 'use this staff token instead of a password'),
    run: async ({ args, options, out, context }) => {
      const url = urlOf(args[0] ?? '');
      const login =
        typeof options.token === 'string'
          ? await checkToken(url, options.token)
          : await logIn(url, {
              name: String(
                options.name ??
                  (await askLine(context, 'Staff name', { secret: false, instead: '--name' })),
              ),
              password: options.passwordStdin
                ? await readStdin(context)
                : await askLine(context, 'Password', {
                    secret: true,
                    instead: '--password-stdin or --token',
                  }),
            });
      const file = loginFileOf(context);
      saveLogin(file, { url, ...login });
      const { name, expires_at } = login;
      out.result({ url, name, expires_at, file }, () => `Logged in at ${url} as ${name}.`);
      return undefined;
    },
  });
  addCommand(program, session, {
    usage: 'logout',
    summary: 'forget the login; commands talk to the local Usher again',
    examples: ['usher logout'],
    run: async ({ out, context }) => {
      const file = loginFileOf(context);
      removeLogin(file);
      out.result({ file }, () => 'Logged out.');
      return undefined;
    },
  });
  addTokenCommand(program, session);
}

function addTokenCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'token',
    summary: 'sign a staff token with the secrets of the local Usher',
    examples: [
      'usher token --role ops',
      'curl -H "Authorization: Bearer $(usher token --role ops)" http://localhost:3000/api/v1/staff/sales',
    ],
    options: (command) =>
      command
        .addOption(
          new Option('--role <role>', 'what the token may do')
            .choices([...roles])
            .makeOptionMandatory(),
        )
        .option('--hours <n>', `how long it is good, at most ${tokenHoursMax}`, '12'),
    run: async ({ options, out, context }) => {
      const hours = Number(options.hours);
      if (!(hours > 0 && hours <= tokenHoursMax)) {
        throw wrongUsage(`--hours must be more than 0 and at most ${tokenHoursMax}.`);
      }
      const role = options.role as (typeof roles)[number];
      const { token, expiresAtMs } = signLocalToken(context, role, Math.round(hours * 3_600));
      const value = { token, role, expires_at: new Date(expiresAtMs).toISOString() };
      out.result(value, () => token);
      return undefined;
    },
  });
}

type Signed = { name: string; token: string; expires_at: string };

async function logIn(url: string, body: { name: string; password: string }): Promise<Signed> {
  return clientOf({ url, token: '' }).post('login', sessionSchema, { body });
}

/** A token is tried before it is kept; its name and end are what it says of itself. */
async function checkToken(url: string, token: string): Promise<Signed> {
  await clientOf({ url, token }).get('sales', z.object({ results: z.array(z.unknown()) }));
  const claims = z
    .object({ sub: z.string(), exp: z.number() })
    .safeParse(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
  if (!claims.success) throw refused('token_invalid', 'This is no staff token.');
  const { sub: name, exp } = claims.data;
  return { name, token, expires_at: new Date(exp * 1_000).toISOString() };
}

function urlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url.origin;
  throw wrongUsage(`${text} is no address; write it like https://tickets.example.com.`);
}
