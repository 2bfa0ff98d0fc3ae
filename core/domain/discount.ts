/** A discount code as a request carries it: what it takes off the prices, and until when. */
export type Discount = {
  code: string;
  /** Minor units off the sum of the prices; exactly one of this and `percent` is there. */
  amount?: number;
  percent?: number;
  /** Milliseconds since 1970 from which it no longer counts. */
  untilMs?: number;
};

/** Codes are typed by people: case, spaces and dashes don't count. */
export function plainDiscountCode(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, '');
}

/**
 * What a code takes off a sum of prices, minor units: a share is rounded to the nearest unit, an
 * amount is never more than the prices. Fees are not discounted.
 */
export function discountOn(prices: number, off: Discount): number {
  const share = Math.round((prices * (off.percent ?? 0)) / 100);
  return Math.min(prices, off.amount ?? share);
}
