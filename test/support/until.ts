/**
 * Waits for a condition, asking again every few milliseconds, and says what it waited for when
 * it never came true. Returns the first truthy value.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { ms = 20_000, what, every = 10 }: { ms?: number; what: string; every?: number },
): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms;
  let seen: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<T>;
      seen = value;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${ms} ms for ${what}; last seen: ${describe(seen)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

function describe(value: unknown): string {
  return value instanceof Error ? value.message : JSON.stringify(value);
}
