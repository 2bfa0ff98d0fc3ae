/** One thing that a program stands on, as it was found, and how to mend it when it isn't right. */
export type Footing = { check: string; ok: boolean; detail: string; fix: string | null };

/** A footing; the fix is told only where one is needed. */
export function footing(check: string, ok: boolean, detail: string, fix: string): Footing {
  return { check, ok, detail, fix: ok ? null : fix };
}
