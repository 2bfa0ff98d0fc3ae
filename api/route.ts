import type { Request } from 'express';
import type { z } from 'zod';
import type { StaffRole } from '../core/runtime/tokens.js';
import type { LimitName } from './limits.js';

/** Counts a call in more than one way. @throws UsherError `slow_down`. */
export type Limiting = (
  who: { address: string; fanId: string },
  params: Record<string, string>,
) => Promise<void>;

/** What a handler is given; body and query have passed their schemas. */
export type Call<Body, Query> = {
  body: Body;
  query: Query;
  /** Path parameters as text; handlers parse ids and answer 404 for what is none. */
  params: Record<string, string>;
  /** The fan, for routes with `identity: 'fan'`, otherwise ''. */
  fanId: string;
  /** Who acts, for staff routes: written to the audit, otherwise ''. */
  actor: string;
  role: StaffRole | undefined;
  /** A banned fan, where the route takes those. */
  banned: boolean;
  req: Request;
};

export type Answer = {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent as it is instead of JSON. */
  raw?: { type: string; data: Buffer | string };
};

/**
 * One route: the same object validates, answers and is written into the OpenAPI document, so the
 * three cannot differ.
 */
export type Route<Body = unknown, Query = unknown> = {
  method: 'get' | 'post' | 'put' | 'delete';
  /** Express form below /, such as `/api/v1/shows/:id`. */
  path: string;
  summary: string;
  identity: 'none' | 'fan' | 'staff';
  /** For staff routes: who may call it. */
  roles?: StaffRole[];
  /** For fans' routes: also taken from banned accounts, which are told nothing of it. */
  bannedToo?: boolean;
  body?: z.ZodType<Body>;
  query?: z.ZodType<Query>;
  /** Success answers by status, for the document. */
  answers: Record<number, z.ZodType | 'empty' | 'binary'>;
  limit?: LimitName | Limiting;
  /** Seconds that shared caches may keep the answer. */
  cacheSeconds?: number;
  handle: (call: Call<Body, Query>) => Promise<Answer>;
};

/** Keeps the types of body and query inside one definition while lists hold any route. */
export function route<Body, Query>(definition: Route<Body, Query>): Route {
  return definition as unknown as Route;
}
