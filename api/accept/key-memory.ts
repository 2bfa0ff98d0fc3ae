const rememberedMax = 100_000;

/**
 * Remembers which body came with a key, over all shows: the journal's unique key is per show, so
 * a key used again for another show is noticed here, in this process and for a while.
 */
export function openKeyMemory(): { fits(fanId: string, key: string, bodyHash: string): boolean } {
  const hashes = new Map<string, string>();
  return {
    fits: (fanId, key, bodyHash) => {
      const id = `${fanId}|${key}`;
      const known = hashes.get(id);
      if (known !== undefined) return known === bodyHash;
      hashes.set(id, bodyHash);
      if (hashes.size > rememberedMax) {
        const [oldest] = hashes.keys();
        if (oldest !== undefined) hashes.delete(oldest);
      }
      return true;
    },
  };
}
