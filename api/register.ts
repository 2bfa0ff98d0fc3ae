import type { Express, Request, Response } from 'express';
import type { z } from 'zod';
import { UsherError } from '../core/domain/errors.js';
import type { ApiDeps } from './deps.js';
import { requireFan, requireStaff } from './identity.js';
import type { Answer, Call, Route } from './route.js';

/** Mounts routes on express: limit, identity, schema, handler, answer, in this order. */
export function registerRoutes(app: Express, routes: Route[], deps: ApiDeps): void {
  for (const route of routes) {
    app[route.method](route.path, async (req: Request, res: Response) => {
      const answer = await run(route, req, deps);
      deps.metrics.calls.inc({ route: route.path, status: String(answer.status) });
      send(res, route, answer);
    });
  }
}

async function run(route: Route, req: Request, deps: ApiDeps): Promise<Answer> {
  const call: Call<unknown, unknown> = {
    body: undefined,
    query: undefined,
    params: req.params as Record<string, string>,
    fanId: '',
    actor: '',
    role: undefined,
    banned: false,
    req,
  };
  if (route.identity === 'fan') {
    const claims = requireFan(req, deps.tokens);
    call.banned = route.bannedToo === true && deps.fans.isBanned(claims);
    if (!call.banned) deps.fans.check(claims);
    call.fanId = claims.fanId;
  }
  if (route.identity === 'staff') {
    const claims = requireStaff(req, deps.tokens, route.roles ?? ['admin']);
    deps.fans.check(claims);
    call.actor = claims.fanId;
    call.role = claims.role;
  }
  if (route.limit) {
    const who = { address: req.ip ?? '', fanId: call.fanId };
    if (typeof route.limit === 'function') await route.limit(who, call.params);
    else await deps.limits.take(route.limit, who);
  }
  if (route.body) call.body = parseBody(req, route.body);
  if (route.query) call.query = parseWith(route.query, { ...req.query }, 'query');
  return route.handle(call);
}

function parseBody(req: Request, schema: z.ZodType): unknown {
  const hasBody = Number(req.get('content-length') ?? 0) > 0 || req.get('transfer-encoding');
  if (hasBody && !req.is('application/json')) {
    throw new UsherError('wrong_type', 'Send the body as application/json.');
  }
  return parseWith(schema, req.body ?? {}, 'body');
}

/** Old clients of such systems send these; they are dropped before the schema looks. */
const toleratedFields = ['api_key', 'session_id'];
/** A refusal names so many faults, each this long: it must not grow with what was sent. */
const faultsMax = 20;
const faultCharsMax = 80;

/** @throws UsherError `unknown_field` or `malformed`, naming each field and what it should be. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, what: 'body' | 'query'): T {
  const given =
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).filter(([key]) => !toleratedFields.includes(key)))
      : value;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const unknown = parsed.error.issues
    .flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []))
    .slice(0, faultsMax)
    .map((key) => key.slice(0, faultCharsMax));
  if (unknown.length > 0) {
    throw new UsherError('unknown_field', `Leave out of the ${what}: ${unknown.join(', ')}.`, {
      extra: { fields: unknown },
    });
  }
  const faults = parsed.error.issues.slice(0, faultsMax).map((issue) => ({
    field: issue.path.join('.').slice(0, faultCharsMax),
    message: issue.message,
  }));
  const text = faults.map(({ field, message }) => `${field || what}: ${message}`).join('; ');
  throw new UsherError('malformed', `Mend the ${what}: ${text}.`, { extra: { faults } });
}

function send(res: Response, route: Route, answer: Answer): void {
  res.status(answer.status);
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.set(name, value);
  if (route.cacheSeconds !== undefined && !res.get('Cache-Control')) {
    res.set('Cache-Control', `public, max-age=${route.cacheSeconds}`);
  } else if (!res.get('Cache-Control')) {
    res.set('Cache-Control', 'no-store');
  }
  if (answer.raw) {
    res.type(answer.raw.type).send(answer.raw.data);
  } else if (answer.body === undefined) {
    res.end();
  } else {
    res.json(answer.body);
  }
}
