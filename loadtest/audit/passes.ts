// I15, I16: who was let in, when, and what their passes won.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';
import type { RequestRow } from './rows.js';

type Admission = {
  pass_id: string;
  sale_id: string;
  fan_id: string;
  admitted_at: Date;
  expires_at: Date;
  ended_at: Date | null;
  by_staff: number;
};
/** A granted request with the sale that its show belongs to. */
export type PassUse = { where: string; saleId: string | undefined; request: RequestRow };

/** By so much the clocks of programs and database may differ, with the tokens' leeway. */
const clockMsUsual = 10_000;
const passesPerRead = 1_000;

const columns = 'pass_id, sale_id, fan_id, admitted_at, expires_at, ended_at, by_staff';

export async function checkPasses(
  catalog: Snapshot,
  { uses, clockMsMax }: { uses: PassUse[]; clockMsMax: number },
  findings: Findings,
): Promise<void> {
  const slackMs = Math.max(clockMsUsual, clockMsMax);
  findings.checked('I15', uses.length);
  const byPass = new Map<string, PassUse[]>();
  for (const use of uses) {
    // An offer to the waitlist and a sale at the desk need no pass; no fan's pass has a dash.
    if (use.request.pass_id.includes('-')) continue;
    byPass.set(use.request.pass_id, [...(byPass.get(use.request.pass_id) ?? []), use]);
  }
  const passIds = [...byPass.keys()];
  for (let from = 0; from < passIds.length; from += passesPerRead) {
    const slice = passIds.slice(from, from + passesPerRead);
    const rows = await catalog.rows<Admission>(
      `SELECT ${columns} FROM admission WHERE pass_id IN (?)`,
      [slice],
    );
    const admissions = new Map(rows.map((row) => [row.pass_id, row]));
    for (const passId of slice) {
      const uses = byPass.get(passId) ?? [];
      checkUses({ passId, uses, slackMs }, admissions.get(passId), findings);
    }
  }
}

function checkUses(
  { passId, uses, slackMs }: { passId: string; uses: PassUse[]; slackMs: number },
  admission: Admission | undefined,
  findings: Findings,
): void {
  const names = uses.map(({ request }) => `request(${request.request_id})`);
  const add = (text: string, cause: string) =>
    findings.add({
      rule: 'I15',
      where: uses[0]?.where ?? '',
      text,
      rows: [`admission(${passId})`, ...names],
      cause,
    });
  if (uses.length > 1) {
    add(`pass ${passId} won ${uses.length} times`, 'the pass was not spent with its first grant');
  }
  if (!admission) {
    add(
      `pass ${passId} was never given to anybody`,
      'a pass was fetched before it was written, or a request was accepted without a check of its pass',
    );
    return;
  }
  for (const { request, saleId } of uses) {
    const at = request.accepted_at.getTime();
    const inTime =
      at >= admission.admitted_at.getTime() - slackMs &&
      at <= admission.expires_at.getTime() + slackMs;
    if (admission.fan_id === request.fan_id && admission.sale_id === saleId && inTime) continue;
    const why = !inTime ? 'at another time' : 'to another fan or sale';
    add(
      `pass ${passId} was given ${why}`,
      'the api took a pass without checking subject, sale and times',
    );
  }
}

type SaleRow = {
  sale_id: string;
  standing: number;
  rate_per_minute: number;
  no_show_percent: number;
  pass_cap: number;
};

const windowMs = 10_000;

/**
 * Counts admissions in every window of ten seconds and live passes at every moment. Rates and caps
 * that staff changed meanwhile count with the highest value that they ever had.
 */
export async function checkAdmissions(
  catalog: Snapshot,
  saleId: string | undefined,
  findings: Findings,
): Promise<void> {
  const sales = await catalog.rows<SaleRow>(
    `SELECT sale_id, standing, rate_per_minute, no_show_percent, pass_cap FROM sales
     WHERE standing = 0 AND (? IS NULL OR sale_id = ?)`,
    [saleId ?? null, saleId ?? null],
  );
  for (const sale of sales) {
    const rows = await catalog.rows<Admission>(
      `SELECT ${columns} FROM admission WHERE sale_id = ? ORDER BY admitted_at`,
      [sale.sale_id],
    );
    findings.checked('I16', rows.length);
    const past = await highestSettings(catalog, sale);
    if (past.wasStanding) continue;
    // Staff may let fans in beside the rate, though not beyond the cap.
    const rated = rows.filter((row) => Number(row.by_staff) === 0);
    checkRate(sale.sale_id, rated, past.rate, findings);
    checkCap(sale.sale_id, rows, past.cap, findings);
  }
}

async function highestSettings(
  catalog: Snapshot,
  sale: SaleRow,
): Promise<{ rate: number; cap: number; wasStanding: boolean }> {
  const rows = await catalog.rows<{ before_value: string | null; after_value: string | null }>(
    "SELECT before_value, after_value FROM audit WHERE subject IN (?, ?) AND action LIKE 'sale.%'",
    [sale.sale_id, `sale:${sale.sale_id}`],
  );
  let { rate_per_minute: rate, pass_cap: cap, no_show_percent: more } = sale;
  let wasStanding = false;
  for (const text of rows.flatMap((row) => [row.before_value, row.after_value])) {
    const value = JSON.parse(text ?? '{}') as Record<string, unknown> | null;
    rate = Math.max(rate, Number(value?.rate_per_minute ?? value?.ratePerMinute ?? 0) || 0);
    more = Math.max(more, Number(value?.no_show_percent ?? value?.noShowPercent ?? 0) || 0);
    cap = Math.max(cap, Number(value?.pass_cap ?? value?.passCap ?? 0) || 0);
    wasStanding ||= Boolean(value?.standing);
  }
  // So far above the rate may it go for fans who don't turn up.
  return { rate: rate * (1 + more / 100), cap, wasStanding };
}

function checkRate(saleId: string, rows: Admission[], rate: number, findings: Findings): void {
  // A tick may give what the last second left, so one second's worth may come on top.
  const most = Math.ceil((rate * windowMs) / 60_000) + Math.ceil(rate / 60) + 1;
  let from = 0;
  for (let to = 0; to < rows.length; to += 1) {
    const last = rows[to] as Admission;
    while ((rows[from] as Admission).admitted_at.getTime() <= last.admitted_at.getTime() - windowMs)
      from += 1;
    if (to - from + 1 <= most) continue;
    findings.add({
      rule: 'I16',
      where: `sale ${saleId}`,
      text: `${to - from + 1} were admitted in 10 s, at ${rate} a minute at most ${most} may be`,
      rows: rows.slice(from, to + 1).map((row) => `admission(${row.pass_id})`),
      cause: 'two pumps counted apart, or a clock step opened the room',
    });
    return;
  }
}

function checkCap(saleId: string, rows: Admission[], cap: number, findings: Findings): void {
  const steps = rows.flatMap((row) => [
    { at: row.admitted_at.getTime(), by: 1 },
    { at: Math.min((row.ended_at ?? row.expires_at).getTime(), row.expires_at.getTime()), by: -1 },
  ]);
  steps.sort((a, b) => a.at - b.at || a.by - b.by);
  let live = 0;
  for (const step of steps) {
    live += step.by;
    if (live <= cap) continue;
    findings.add({
      rule: 'I16',
      where: `sale ${saleId}`,
      text: `${live} passes were live at ${new Date(step.at).toISOString()}, the pass cap is ${cap}`,
      rows: [],
      cause: 'a slot was freed before its pass was revoked, or leases were forgotten with Redis',
    });
    return;
  }
}
