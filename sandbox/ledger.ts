import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Charge, Dispute, Intent, Method, Refund, StripeEvent } from './objects.js';

/**
 * Everything the sandbox knows: in memory, and in a file of JSON lines that is only ever appended
 * to. One transaction is one line, so a kill keeps either all of a request's effects (the answer
 * under its idempotency key among them) or none.
 */

export type StoredKey = {
  id: string;
  fingerprint: string;
  status: number;
  body: unknown;
  request_id: string;
  created: number;
};

export type Delivery = {
  id: string;
  state: 'pending' | 'delivered' | 'gave_up' | 'dropped';
  attempts: number;
};

/** A payment method together with the test token that says how it behaves. */
export type StoredMethod = Method & { token: string };

/** What becomes of a refund later; null once it has. */
export type Plan = { id: string; to: 'succeeded' | 'failed' | null };

export type Kinds = {
  intent: Intent;
  charge: Charge;
  refund: Refund;
  plan: Plan;
  dispute: Dispute;
  method: StoredMethod;
  event: StripeEvent;
  delivery: Delivery;
  key: StoredKey;
};
export type Kind = keyof Kinds;
type Row = { [K in Kind]: { kind: K; value: Kinds[K] } }[Kind];
type Tables = { [K in Kind]: Map<string, Kinds[K]> };

/** Reads see the transaction's own writes; nothing lasts unless the callback returns. */
export type LedgerTx = {
  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined;
  put<K extends Kind>(kind: K, value: Kinds[K]): void;
};

export type Ledger = {
  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined;
  /** All of a kind, oldest first. */
  all<K extends Kind>(kind: K): Kinds[K][];
  /** Runs the synchronous work and makes its writes last together; a throw drops them all. */
  transaction<T>(work: (tx: LedgerTx) => T): T;
  close(): void;
};

/** Opens the ledger at `path`, or in memory alone when there is none. */
export function openLedger(path: string | undefined): Ledger {
  const tables: Tables = {
    intent: new Map(),
    charge: new Map(),
    refund: new Map(),
    plan: new Map(),
    dispute: new Map(),
    method: new Map(),
    event: new Map(),
    delivery: new Map(),
    key: new Map(),
  };
  const file = path === undefined ? undefined : openFile(path, tables);
  return {
    get: (kind, id) => tables[kind].get(id),
    all: (kind) => [...tables[kind].values()],
    transaction: (work) => {
      const rows = new Map<string, Row>();
      const result = work(stage(tables, rows));
      if (rows.size > 0) {
        const staged = [...rows.values()];
        if (file !== undefined) writeSync(file, `${JSON.stringify(staged)}\n`);
        for (const row of staged) keep(tables, row);
      }
      return result;
    },
    close: () => {
      if (file !== undefined) closeSync(file);
    },
  };
}

function stage(tables: Tables, rows: Map<string, Row>): LedgerTx {
  return {
    get: <K extends Kind>(kind: K, id: string) => {
      const row = rows.get(`${kind} ${id}`);
      return row === undefined ? tables[kind].get(id) : (row.value as Kinds[K]);
    },
    put: <K extends Kind>(kind: K, value: Kinds[K]) => {
      rows.set(`${kind} ${value.id}`, { kind, value } as Row);
    },
  };
}

function keep(tables: Tables, row: Row): void {
  const table = tables[row.kind] as Map<string, Row['value']>;
  table.set(row.value.id, row.value);
}

function openFile(path: string, tables: Tables): number {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) {
    const content = readFileSync(path);
    // A kill in mid-write leaves half a line, whose request was never answered: it is cut off.
    const end = content.lastIndexOf(0x0a) + 1;
    if (end < content.length) truncateSync(path, end);
    for (const line of content.subarray(0, end).toString('utf8').split('\n')) {
      if (line === '') continue;
      for (const row of JSON.parse(line) as Row[]) keep(tables, row);
    }
  }
  return openSync(path, 'a');
}
