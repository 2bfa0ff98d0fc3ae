import { z } from 'zod';
import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi';
import { type Route, route } from './route.js';

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    error: z.string(),
  })
  .loose()
  .meta({ id: 'Problem', description: 'RFC 9457 with a stable `error` code; see docs/errors.md' });

const documentHead = {
  openapi: '3.1.0' as const,
  info: {
    title: 'Usher',
    version: '1',
    description:
      'Sells cinema seats when everybody wants them at once. JSON is snake_case, times are ISO 8601 UTC, money is `{amount, currency}` in integer minor units.',
  },
};

/** The document of all routes, made from the schemas that validate. */
export function openApiDocument(routes: Route[]): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const entry of routes) {
    const path = entry.path.replace(/:([a-z_]+)/g, '{$1}');
    paths[path] = { ...paths[path], [entry.method]: operation(entry) };
  }
  return createDocument({
    ...documentHead,
    paths,
    components: {
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer' },
        staff: { type: 'http', scheme: 'bearer', description: 'Token of a staff account' },
      },
    },
  });
}

function operation(entry: Route): Record<string, unknown> {
  const names = [...entry.path.matchAll(/:([a-z_]+)/g)].map((match) => match[1] ?? '');
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  return {
    summary: entry.roles ? `${entry.summary} (${entry.roles.join(', ')})` : entry.summary,
    ...(entry.identity === 'none'
      ? {}
      : { security: [{ [entry.identity === 'fan' ? 'session' : 'staff']: [] }] }),
    requestParams: {
      ...(names.length > 0 ? { path: params } : {}),
      ...(entry.query ? { query: entry.query } : {}),
    },
    ...(entry.body
      ? { requestBody: { content: { 'application/json': { schema: entry.body } } } }
      : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(entry.answers).map(([status, schema]) => [status, response(schema)]),
      ),
      default: {
        description: 'Anything else is a problem document',
        content: { 'application/problem+json': { schema: problem } },
      },
    },
  };
}

function response(schema: z.ZodType | 'empty' | 'binary'): Record<string, unknown> {
  if (schema === 'empty') return { description: 'Done' };
  if (schema === 'binary') return { description: 'The file' };
  return { description: 'Done', content: { 'application/json': { schema } } };
}

/** `/openapi.json` and a page that shows it without any outside part. */
export function openApiRoutes(routes: Route[]): Route[] {
  const text = JSON.stringify(openApiDocument(routes));
  const list = routes
    .map(
      (entry) =>
        `<li><code>${entry.method.toUpperCase()} ${entry.path}</code> ${entry.summary}</li>`,
    )
    .join('\n');
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      summary: 'This document',
      identity: 'none',
      answers: { 200: 'binary' },
      cacheSeconds: 60,
      handle: async () => ({ status: 200, raw: { type: 'application/json', data: text } }),
    }),
    route({
      method: 'get',
      path: '/docs',
      summary: 'The calls, for people',
      identity: 'none',
      answers: { 200: 'binary' },
      cacheSeconds: 60,
      handle: async () => ({
        status: 200,
        raw: {
          type: 'text/html',
          data: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>body{font-family:system-ui;max-width:60rem;margin:auto;padding:1rem;overflow-wrap:anywhere}</style><title>Usher: the calls</title><h1>Usher: the calls</h1><p>Full schemas: <a href="/openapi.json">openapi.json</a></p><ul>${list}</ul></html>`,
        },
      }),
    }),
  ];
}
