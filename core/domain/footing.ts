/** One thing that a program stands on, as it was found, and how to mend it when it isn't right. */
export type Footing = { check: string; ok: boolean; detail: string; fix: string | null };

/** A footing; the fix is told only where one is needed. */
export function footing(check: string, ok: boolean, detail: string, fix: string): Footing {
  return { check, ok, detail, fix: ok ? null : fix };
}

/** @throws Error naming everything that is not right and how to mend it. */
export function assertFooting(found: Footing[]): void {
  const wrong = found.filter((one) => !one.ok);
  if (wrong.length === 0) return;
  const lines = wrong.map((one) => `${one.check} is ${one.detail}. ${one.fix}`);
  throw new Error(`Usher refuses to run on this: ${lines.join(' ')}`);
}
