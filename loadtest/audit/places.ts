// I17, I18: the places that fans were told, against each other.
import type { CallEntry } from '../crowd/client-log.js';
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';

type Seen = { fan: string; first: number; last: number };

/** Rooms whose Redis was never lost keep every place as it was told; all keep the order. */
export async function checkPlaces(
  calls: CallEntry[],
  catalog: Snapshot,
  findings: Findings,
): Promise<void> {
  const rows = await catalog.rows<{ sale_id: string; epoch: number }>(
    'SELECT sale_id, epoch FROM sales',
  );
  const epochs = new Map(rows.map((row) => [row.sale_id, row.epoch]));
  const bySale = new Map<string, CallEntry[]>();
  for (const call of calls) {
    const saleId = /\/sales\/([^/]+)\/(join|place)$/.exec(call.path)?.[1];
    if (saleId === undefined || call.status >= 300 || typeof call.told.place !== 'number') continue;
    bySale.set(saleId, [...(bySale.get(saleId) ?? []), call]);
  }
  for (const [saleId, told] of bySale) {
    const seen = seenPlaces(told);
    if (epochs.get(saleId) === 1) checkKept(saleId, told, seen, findings);
    checkOrderKept(saleId, seen, findings);
  }
}

function seenPlaces(told: CallEntry[]): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const call of [...told].sort((a, b) => a.end - b.end)) {
    const place = Number(call.told.place);
    const before = seen.get(call.fan);
    seen.set(call.fan, { fan: call.fan, first: before?.first ?? place, last: place });
  }
  return seen;
}

function checkKept(
  saleId: string,
  told: CallEntry[],
  seen: Map<string, Seen>,
  findings: Findings,
): void {
  const add = (text: string, rows: string[], cause: string) =>
    findings.add({ rule: 'I17', where: `sale ${saleId}`, text, rows, cause });
  const ahead = new Map<string, { value: number; end: number }>();
  for (const call of [...told].sort((a, b) => a.start - b.start)) {
    findings.checked('I17', 1);
    if (typeof call.told.ahead !== 'number') continue;
    const before = ahead.get(call.fan);
    // Two calls at once may be answered in either order.
    if (before && before.end < call.start && call.told.ahead > before.value) {
      const text = `fan ${call.fan} had ${before.value} before them and then ${call.told.ahead}`;
      add(text, [], 'the room gave places away again, or ranks were counted anew');
    }
    ahead.set(call.fan, { value: call.told.ahead, end: call.end });
  }
  const owners = new Map<number, string>();
  for (const { fan, last } of seen.values()) {
    const other = owners.get(last);
    if (other !== undefined) {
      add(`place ${last} was told to ${other} and to ${fan}`, [], 'one number was given out twice');
    }
    owners.set(last, fan);
  }
}

function checkOrderKept(saleId: string, seen: Map<string, Seen>, findings: Findings): void {
  const fans = [...seen.values()].sort((a, b) => a.first - b.first);
  let before: Seen | undefined;
  for (const fan of fans) {
    findings.checked('I18', 1);
    if (before && before.first < fan.first && before.last > fan.last) {
      findings.add({
        rule: 'I18',
        where: `sale ${saleId}`,
        text: `fan ${before.fan} went from place ${before.first} to ${before.last}, fan ${fan.fan} from ${fan.first} to ${fan.last}`,
        rows: [],
        cause: 'the order was not rebuilt from the receipts after Redis was lost',
      });
    }
    if (!before || fan.last > before.last) before = fan;
  }
}
