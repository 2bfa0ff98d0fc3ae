import type { AuditReport } from './run.js';

/** The report for people: the rules in a list, then each violation with its rows and cause. */
export function reportText(report: AuditReport): string {
  const { exact } = report;
  const lines = [
    `Audit of ${report.sale_id === null ? 'everything' : `sale ${report.sale_id}`} at ${report.at}${report.settled ? ', settled' : ''}`,
    '',
    ...report.rules.map(
      (rule) =>
        `  ${rule.violations === 0 ? 'ok    ' : 'BROKEN'}  ${rule.rule.padEnd(4)} ${rule.title} (${rule.checked} looked at${rule.violations > 0 ? `, ${rule.violations} broken` : ''})`,
    ),
    '',
    ...report.violations.flatMap((found) => [
      `${found.rule} ${found.where}: ${found.text}`,
      ...(found.rows.length > 0 ? [`    rows   ${found.rows.join(', ')}`] : []),
      `    cause  ${found.cause}`,
    ]),
    ...(report.violations.length > 0 ? [''] : []),
    `${exact.shows} shows, ${exact.seats} seats: ${exact.seats_sold} sold, ${exact.seats_held} held, ${exact.seats_free} free; sold twice: ${exact.seats_sold_twice}`,
    `${exact.requests} requests, undecided: ${exact.undecided}; ${exact.log_entries} log entries replayed`,
    `The provider's books: ${report.provider ? 'compared' : 'not read'}; the mailbox: ${report.mailbox ? 'compared' : 'not read'}; entries of fans' logs: ${report.client_entries}`,
    report.clean ? 'Clean.' : 'NOT clean.',
  ];
  return `${lines.join('\n')}\n`;
}

/** One line for each look at a live sale, and every violation when it is first seen. */
export function watchText(
  report: AuditReport,
  { tookMs, known }: { tookMs: number; known: Set<string> },
): string {
  const { exact } = report;
  const fresh = report.violations.filter((found) => {
    const name = `${found.rule} ${found.where} ${found.rows.join()}`;
    if (known.has(name)) return false;
    known.add(name);
    return true;
  });
  const lines = [
    `${report.at}  ${report.clean ? 'clean' : `${report.violations.length} BROKEN`}  sold ${exact.seats_sold}, held ${exact.seats_held}, free ${exact.seats_free}, twice ${exact.seats_sold_twice}, undecided ${exact.undecided}  (${Math.round(tookMs)} ms)`,
    ...fresh.flatMap((found) => [
      `  ${found.rule} ${found.where}: ${found.text}`,
      `      rows   ${found.rows.join(', ')}`,
      `      cause  ${found.cause}`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
