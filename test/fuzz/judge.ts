import { errorCatalogue } from '../../core/domain/errors.js';
import type { Case } from './cases.js';
import type { Answer } from './send.js';

/** What must never reach a caller; no hostile text of ours holds any of it. */
const leaks =
  /node_modules|\n\s+at |\bER_[A-Z_]+\b|SQL syntax|Cannot read prop|is not a function|ECONN|ioredis|bullmq|NOSCRIPT|WRONGTYPE|Invalid time value|ReferenceError|TypeError|RangeError|SqlError|mysql/;
const slowMs = 8_000;
const catalogue: Record<string, { status: number; title: string }> = errorCatalogue;

/** What is wrong about an answer, in words; nothing when it is as it should be. */
export function judge(one: Case, answer: Answer): string[] {
  const { status, text, headers } = answer;
  const wrong: string[] = [];
  if (answer.tookMs > slowMs) wrong.push(`took ${Math.round(answer.tookMs)} ms`);
  if (leaks.test(text)) wrong.push(`tells what is ours: ${leaks.exec(text)?.[0]}`);
  if (one.expected !== undefined && status !== one.expected) {
    wrong.push(`${status} where ${one.expected} is due to ${one.who}`);
  }
  if (status < 400) return [...wrong, ...judgeSuccess(answer)];
  if (status >= 500 && status !== 503) wrong.push(`status ${status}`);
  if (status === 503 && headers['retry-after'] === undefined) wrong.push('503 without Retry-After');
  return [...wrong, ...judgeProblem(answer)];
}

function judgeSuccess({ status, text, headers }: Answer): string[] {
  const type = String(headers['content-type'] ?? '');
  if (status === 204 && text !== '') return ['204 with a body'];
  if (!/\bjson\b/.test(type) || text === '') return [];
  return parse(text) === undefined ? ['a JSON answer that does not parse'] : [];
}

export function judgeProblem({ status, text, headers }: Answer): string[] {
  const type = String(headers['content-type'] ?? '');
  if (!type.startsWith('application/problem+json')) return [`${status} as ${type || 'nothing'}`];
  const problem = parse(text) as Record<string, unknown> | undefined;
  if (!problem) return ['a problem document that does not parse'];
  const known = catalogue[String(problem.error)];
  if (!known) return [`the code ${String(problem.error)} is not in the catalogue`];
  const wrong: string[] = [];
  if (known.status !== status) wrong.push(`${String(problem.error)} with ${status}`);
  if (problem.status !== status || problem.title !== known.title)
    wrong.push('another status inside');
  if (!/^\S.{8,}\.$/s.test(String(problem.detail))) {
    wrong.push(`the detail is no sentence: ${String(problem.detail)}`);
  }
  if (text.length > 20_000) wrong.push(`a problem document of ${text.length} characters`);
  return wrong;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lines of a program's log that no hostile call may cause. */
export function logFaults(log: string): string[] {
  return log.split('\n').filter((line) => {
    if (!line.startsWith('{')) return /Error|Warning|\bat .*:\d+:\d+/.test(line);
    const { level } = (parse(line) ?? {}) as { level?: number | string };
    return typeof level === 'number' ? level >= 50 : /error|fatal/.test(String(level));
  });
}
