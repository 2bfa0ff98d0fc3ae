import type { Gate } from '../../admission/gate.js';
import type { Pump } from '../../admission/pump.js';
import type { RoomBench } from './rooms.js';
import { until } from './until.js';

export type AdmissionRow = { passId: string; fanId: string; state: string; atMs: number };

/** What tests of the pump do over and over. */
export type Crowds = {
  admissions(saleId: string): Promise<AdmissionRow[]>;
  admittedCount(saleId: string): Promise<number>;
  /** New fans who join one after the other. */
  joinAll(saleId: string, count: number): Promise<string[]>;
  setState(saleId: string, state: 'ACTIVE' | 'PAUSED', version: number): Promise<void>;
};

export function openCrowds(bench: RoomBench, gate: Gate): Crowds {
  const admissions: Crowds['admissions'] = async (saleId) => {
    const rows = await bench.catalog.rows<Omit<AdmissionRow, 'atMs'> & { at: Date }>(
      `SELECT pass_id AS passId, fan_id AS fanId, state, admitted_at AS at FROM admission
       WHERE sale_id = ? ORDER BY admitted_at, score`,
      [saleId],
    );
    return rows.map(({ at, ...row }) => ({ ...row, atMs: at.getTime() }));
  };
  return {
    admissions,
    admittedCount: async (saleId) => (await admissions(saleId)).length,
    joinAll: async (saleId, count) => {
      const fans = await bench.addFans(count);
      for (const fanId of fans) await gate.join({ saleId, fanId });
      return fans;
    },
    setState: async (saleId, state, version) => {
      await bench.catalog.change('UPDATE sales SET state = ?, version = ? WHERE sale_id = ?', [
        state,
        version,
        saleId,
      ]);
      await gate.changed(saleId);
    },
  };
}

/** Ticks as a running pump does, but only this sale, and until the condition holds. */
export async function pumpUntil(
  saleId: string,
  pumps: Pump[],
  done: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  await until(
    async () => {
      await Promise.all(pumps.map((pump) => pump.tick(saleId)));
      return done();
    },
    { what, every: 20 },
  );
}

export async function pumpForMs(saleId: string, pumps: Pump[], ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  await pumpUntil(saleId, pumps, () => performance.now() >= endMs, 'the time to pass');
}
