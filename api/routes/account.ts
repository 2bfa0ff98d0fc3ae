import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { passwordCharsMax, passwordCharsMin } from '../../core/runtime/passwords.js';
import {
  endSessions,
  eraseFan,
  type FanIdentity,
  logIn,
  readAccount,
  signUp,
} from '../../core/store/catalog/fan-accounts.js';
import { sessionHours } from '../../core/store/catalog/fans.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';

const email = z.email({ error: 'must be a mail address' }).max(200);
const newPassword = z
  .string()
  .min(passwordCharsMin, `must have at least ${passwordCharsMin} characters`)
  .max(passwordCharsMax, `must have at most ${passwordCharsMax} characters`);
const name = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');
const phone = z
  .string()
  .regex(/^\+?[0-9][0-9 ()-]{5,19}$/, 'must be a phone number, such as +91 98200 12345');

const session = z.object({
  fan_id: z.string(),
  token: z.string(),
  expires_at: z.iso.datetime(),
});
const account = z.object({
  fan_id: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  phone: z.string().nullable(),
  created_at: z.iso.datetime(),
});

type Deps = Pick<ApiDeps, 'catalog' | 'secrets' | 'tokens' | 'fans'>;

/** Sign-up, log-in and the fan's own data. */
export function accountRoutes(deps: Deps): Route[] {
  return [...sessionRoutes(deps), ...ownDataRoutes(deps)];
}

function sessionRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/signup',
      summary: 'Make an account',
      identity: 'none',
      limit: 'signup',
      body: z.strictObject({
        email,
        password: newPassword,
        name: name.optional(),
        phone: phone.optional(),
      }),
      answers: { 201: session },
      handle: async ({ body }) => ({
        status: 201,
        body: sessionFor(deps, await signUp(deps, body)),
      }),
    }),
    route({
      method: 'post',
      path: '/api/v1/login',
      summary: 'Log in',
      identity: 'none',
      limit: 'login',
      body: z.strictObject({ email: z.string().max(200), password: z.string().max(200) }),
      answers: { 200: session },
      handle: async ({ body }) => ({
        status: 200,
        body: sessionFor(deps, await logIn(deps, body)),
      }),
    }),
    route({
      method: 'post',
      path: '/api/v1/logout',
      summary: 'End all sessions of this fan',
      identity: 'fan',
      body: z.strictObject({}),
      answers: { 204: 'empty' },
      handle: async ({ fanId }) => {
        await endSessions(deps.catalog, fanId);
        await deps.fans.refresh();
        return { status: 204 };
      },
    }),
  ];
}

function ownDataRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/account',
      summary: "The fan's own data",
      identity: 'fan',
      answers: { 200: account },
      handle: async ({ fanId }) => {
        const row = await readAccount(deps, fanId);
        if (!row) throw new UsherError('not_found', 'There is no such account.');
        return { status: 200, body: { ...row, created_at: row.created_at.toISOString() } };
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/account',
      summary: 'Erase the person; the money records stay',
      identity: 'fan',
      body: z.strictObject({}),
      answers: { 204: 'empty' },
      handle: async ({ fanId }) => {
        await eraseFan(deps.catalog, fanId, `fan ${fanId}`);
        await deps.fans.refresh();
        return { status: 204 };
      },
    }),
  ];
}

function sessionFor({ tokens }: Pick<Deps, 'tokens'>, { fanId, epoch }: FanIdentity) {
  const expiresAtMs = Math.floor(Date.now() / 1000) * 1000 + sessionHours * 3_600_000;
  return {
    fan_id: fanId,
    token: tokens.signSession({ fanId, epoch, expiresAtMs }),
    expires_at: new Date(expiresAtMs).toISOString(),
  };
}
