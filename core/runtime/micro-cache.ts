/** Answers the same question from memory for a moment. */
export type MicroCache<T> = {
  /** The kept answer, or that of `fill`; while one asker fills, the others wait for it. */
  get(key: string, fill: () => Promise<T>): Promise<T>;
};

/**
 * A cache for crowds that ask the same within a second: the store hears each question once per
 * `keptMs`. A failure is told to those who waited and is not kept.
 */
export function microCache<T>({
  keptMs,
  entriesMax,
}: {
  keptMs: number;
  entriesMax: number;
}): MicroCache<T> {
  const entries = new Map<string, { answer: Promise<T>; untilMs: number }>();
  return {
    get: (key, fill) => {
      const known = entries.get(key);
      if (known && known.untilMs > Date.now()) return known.answer;
      entries.delete(key);
      if (entries.size >= entriesMax) {
        const [oldest] = entries.keys();
        if (oldest !== undefined) entries.delete(oldest);
      }
      const answer = fill();
      // Kept from the start of the filling, so that it never grows older than it says.
      const entry = { answer, untilMs: Date.now() + keptMs };
      entries.set(key, entry);
      answer.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return answer;
    },
  };
}
