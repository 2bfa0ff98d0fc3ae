// I34: the mailbox against the bookings, where the mail server is the local one.
import type { Snapshot } from './connect.js';
import type { Findings } from './findings.js';
import type { ShowRows } from './rows.js';

export type Mail = { id: string; message_id: string; to: string[] };

const pageSize = 500;
const pagesMax = 2_000;
const fetchMsMax = 10_000;

/** All mails that the mailbox took, newest first; undefined when there is none to read. */
export async function readMails(base: string): Promise<Mail[] | undefined> {
  const mails: Mail[] = [];
  try {
    for (let page = 0; page < pagesMax; page += 1) {
      const url = new URL(`/api/mails?limit=${pageSize}`, base);
      const last = mails.at(-1);
      if (last) url.searchParams.set('before', last.id);
      const answer = await fetch(url, { signal: AbortSignal.timeout(fetchMsMax) });
      if (!answer.ok) return undefined;
      const { results } = (await answer.json()) as { results: Mail[] };
      mails.push(...results);
      if (results.length < pageSize) return mails;
    }
  } catch {
    return undefined;
  }
  return mails;
}

/** Fans whom mail can reach: an account without an address gets none. */
export async function readReachable(catalog: Snapshot): Promise<Set<string>> {
  const rows = await catalog.rows<{ fan_id: string }>(
    'SELECT fan_id FROM fans WHERE email IS NOT NULL',
  );
  return new Set(rows.map((row) => row.fan_id));
}

/** `complete` says that all shows were read, so that a mail of no booking would be noticed. */
export function checkMails(
  shows: Pick<ShowRows, 'showId' | 'bookings' | 'refunds'>[],
  { mails, reachable }: { mails: Mail[]; reachable: Set<string> },
  { settled, complete }: { settled: boolean; complete: boolean },
  findings: Findings,
): void {
  const add = (text: string, rows: string[], cause: string) =>
    findings.add({ rule: 'I34', where: 'the mailbox', text, rows, cause });
  const sent = new Map<string, Mail[]>();
  for (const mail of mails) {
    const key = mail.message_id.replace(/^<|@.*$/g, '');
    sent.set(key, [...(sent.get(key) ?? []), mail]);
  }
  const expected = new Map<string, string>();
  for (const { showId, bookings, refunds } of shows) {
    const no = (id: number) => `${showId.toString(36)}_${id.toString(36)}`;
    for (const row of bookings) {
      const must = settled && row.state === 'CONFIRMED' && reachable.has(row.fan_id);
      expected.set(`bkg_${no(row.booking_id)}-tickets`, must ? `booking(${row.booking_id})` : '');
    }
    for (const row of refunds) {
      expected.set(`res_${no(row.reservation_id)}-refund-${row.refund_no}`, '');
    }
  }
  findings.checked('I34', expected.size);
  for (const [key, row] of expected) {
    if (row === '' || sent.has(key)) continue;
    add(`no mail tells of ${key}`, [row], 'the mail is dead in the outbox, or was never written');
  }
  for (const [key, copies] of sent) {
    const foreign =
      complete && /^(bkg_.*-tickets|res_.*-refund-\d+)$/.test(key) && !expected.has(key);
    if (foreign) {
      const rows = copies.map((mail) => `mail(${mail.id})`);
      add(`a mail tells of ${key}, which is not there`, rows, 'a mail was sent before the commit');
    }
    const readers = new Set(copies.flatMap((mail) => mail.to));
    if (readers.size <= 1) continue;
    add(
      `${key} went to ${readers.size} addresses`,
      copies.map((mail) => `mail(${mail.id})`),
      'two messages share one id',
    );
  }
}
