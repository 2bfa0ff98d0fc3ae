import { z } from 'zod';

/** What a browser gives to whoever may send it notes. */
export const subscriptionSchema = z.strictObject({
  endpoint: z.string().max(1_000),
  expirationTime: z.number().nullable().optional(),
  keys: z.strictObject({
    p256dh: z.string().regex(/^[A-Za-z0-9_-]{80,100}$/),
    auth: z.string().regex(/^[A-Za-z0-9_-]{16,40}$/),
  }),
});
export type Subscription = z.infer<typeof subscriptionSchema>;
