import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { type ErrorCode, errorCatalogue } from '../../core/domain/errors.js';
import type { Fan, Told } from './journey.js';
import type { World } from './world.js';

/** What is sent: everything that a good call has, with one thing changed. */
export type Change = {
  body?: unknown;
  headers?: Record<string, string | undefined>;
  /** Text in place of the body's JSON. */
  raw?: string;
};

/** Calls the api as a fan, with whatever is changed about the call. */
export async function sendAs(
  { world, fan }: { world: World; fan: Fan },
  path: string,
  change: Change,
  method = 'POST',
): Promise<Told> {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${fan.token}`,
    'idempotency-key': randomUUID(),
    ...change.headers,
  };
  const response = await fetch(`${world.url}/api/v1${path}`, {
    method,
    headers: Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    ...(method === 'GET' ? {} : { body: change.raw ?? JSON.stringify(change.body) }),
  });
  const text = await response.text();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, body, headers: response.headers };
}

/** A problem document as the contract has it: the code's status, a sentence, nothing of ours. */
export function expectProblem(told: Told, code: ErrorCode): void {
  expect([told.body.error, told.status]).toEqual([code, errorCatalogue[code].status]);
  expect(told.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(told.body).toMatchObject({ status: told.status, title: errorCatalogue[code].title });
  expect(told.body.type).toEqual(expect.stringContaining(code));
  expect(told.body.detail).toMatch(/^[A-Z].{8,}\.$/s);
  expect(JSON.stringify(told.body)).not.toMatch(/\bat \/|node_modules|SELECT|INSERT|ER_[A-Z]/);
}

/** Every row that a request could leave behind, counted. */
export async function countRows(world: World): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of world.stores.shards.ids()) {
    for (const table of ['request', 'reservation', 'quota', 'payment', 'outbox', 'show_log']) {
      const [row] = await world.stores.shards
        .byId(id)
        .rows<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`);
      counts[table] = (counts[table] ?? 0) + (row?.n ?? 0);
    }
  }
  for (const table of ['fans', 'admission']) {
    const [row] = await world.stores.catalog.rows<{ n: number }>(
      `SELECT COUNT(*) AS n FROM ${table}`,
    );
    counts[table] = row?.n ?? 0;
  }
  return counts;
}

/** The call is refused with this code and leaves no row; returns the problem document. */
export async function refusedWithoutEffect(
  world: World,
  ask: () => Promise<Told>,
  code: ErrorCode,
): Promise<Told['body']> {
  const before = await countRows(world);
  const told = await ask();
  expectProblem(told, code);
  expect(await countRows(world)).toEqual(before);
  return told.body;
}

/** JSON nested so many lists deep. */
export const deepJson = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
