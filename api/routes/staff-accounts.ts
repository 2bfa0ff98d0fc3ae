import { z } from 'zod';
import { passwordCharsMax, passwordCharsMin } from '../../core/runtime/passwords.js';
import { sessionHours } from '../../core/store/catalog/fans.js';
import { addStaff, listStaff, logInStaff, removeStaff } from '../../core/store/catalog/staff.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { listOf } from './paging.js';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'must be 1 to 40 small letters, digits, dots or dashes');
const role = z.enum(['box_office', 'ops', 'admin']);
const session = z.object({
  name: z.string(),
  role,
  token: z.string(),
  expires_at: z.iso.datetime(),
});
const staff = z.object({ name: z.string(), role, created_at: z.iso.datetime() });

type Deps = Pick<ApiDeps, 'catalog' | 'tokens' | 'fans'>;

/** Staff log in with a name; only administrators see and change who is among them. */
export function staffAccountRoutes(deps: Deps): Route[] {
  return [loginRoute(deps), ...administratorRoutes(deps)];
}

function loginRoute({ catalog, tokens }: Deps): Route {
  return route({
    method: 'post',
    path: '/api/v1/staff/login',
    summary: 'Log in as staff',
    identity: 'none',
    limit: 'login',
    body: z.strictObject({ name: z.string().max(80), password: z.string().max(200) }),
    answers: { 200: session },
    handle: async ({ body }) => {
      const found = await logInStaff(catalog, body);
      const expiresAtMs = Math.floor(Date.now() / 1000) * 1000 + sessionHours * 3_600_000;
      const token = tokens.signSession({
        fanId: found.name,
        epoch: found.epoch,
        role: found.role,
        expiresAtMs,
      });
      const expires = new Date(expiresAtMs).toISOString();
      return {
        status: 200,
        body: { name: found.name, role: found.role, token, expires_at: expires },
      };
    },
  });
}

function administratorRoutes({ catalog, fans }: Deps): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/staff/accounts',
      summary: 'Who is among the staff',
      identity: 'staff',
      roles: ['admin'],
      answers: { 200: listOf(staff) },
      handle: async () => {
        const rows = await listStaff(catalog);
        const results = rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
        return { status: 200, body: { results, next_cursor: null } };
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/staff/accounts',
      summary: 'Add a member of staff',
      identity: 'staff',
      roles: ['admin'],
      body: z.strictObject({
        name,
        role,
        password: z.string().min(passwordCharsMin).max(passwordCharsMax),
      }),
      answers: { 201: z.object({ name: z.string(), role }) },
      handle: async ({ body, actor }) => {
        await addStaff(catalog, { ...body, actor });
        return { status: 201, body: { name: body.name, role: body.role } };
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/staff/accounts/:name',
      summary: 'Remove a member of staff and end their sessions',
      identity: 'staff',
      roles: ['admin'],
      body: z.strictObject({}),
      answers: { 204: 'empty' },
      handle: async ({ params, actor }) => {
        await removeStaff(catalog, { name: params.name ?? '', actor });
        await fans.refresh();
        return { status: 204 };
      },
    }),
  ];
}
