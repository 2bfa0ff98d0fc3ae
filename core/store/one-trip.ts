import { type Queryable, type SqlValue, type Tx, toChange } from './database.js';

type Begun = {
  sql: string;
  params: SqlValue[];
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
};

/**
 * Says several statements in one round trip: those that the functions called by `start` begin
 * before they first wait. They run in that order, and the first that fails ends the rest. On a
 * busy machine a round trip costs more than most statements, and a lane waits for each in turn.
 */
export async function inOneTrip<T extends readonly unknown[]>(
  db: Queryable,
  start: (trip: Tx) => { [K in keyof T]: Promise<T[K]> },
): Promise<T> {
  const begun: Begun[] = [];
  const begin = (sql: string, params: SqlValue[] = []): Promise<unknown> =>
    new Promise((resolve, reject) => begun.push({ sql, params, resolve, reject }));
  const trip: Queryable = {
    rows: async <R>(sql: string, params?: SqlValue[]) => (await begin(sql, params)) as R[],
    change: async (sql, params) => toChange(await begin(sql, params)),
    say: (statements) => Promise.all(statements.map(({ sql, params }) => begin(sql, params))),
  };
  const all = Promise.all(start(trip as Tx) as Promise<unknown>[]);
  try {
    if (begun.length > 0) {
      const results = await db.say(begun.map(({ sql, params }) => ({ sql, params })));
      for (const [index, one] of begun.entries()) one.resolve(results[index]);
    }
  } catch (error) {
    for (const one of begun) one.reject(error);
  }
  return (await all) as unknown as T;
}
