/** Money is integer minor units of one currency; nothing the client sends ever enters a sum. */
export type Money = { amount: number; currency: string };
