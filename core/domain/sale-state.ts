export type StoredSaleState = 'ACTIVE' | 'PAUSED' | 'CLOSED';
export type PublicSaleState = 'scheduled' | 'lobby' | 'open' | 'paused' | 'sold_out' | 'closed';

/**
 * What fans are told of a sale: people change only the stored state, the clock does the rest. A
 * sale without an own lobby time has its lobby from the moment it exists. One that has no shows yet
 * has sold nothing out.
 */
export function publicSaleState(
  sale: {
    state: StoredSaleState;
    lobbyOpensAtMs: number | null;
    opensAtMs: number;
    /** Null while the sale has no shows at all. */
    seatsLeft: number | null;
  },
  nowMs: number,
): PublicSaleState {
  if (sale.state === 'CLOSED') return 'closed';
  if (sale.state === 'PAUSED') return 'paused';
  if (nowMs >= sale.opensAtMs) return sale.seatsLeft === 0 ? 'sold_out' : 'open';
  return sale.lobbyOpensAtMs === null || nowMs >= sale.lobbyOpensAtMs ? 'lobby' : 'scheduled';
}
