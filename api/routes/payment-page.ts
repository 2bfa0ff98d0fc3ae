import { z } from 'zod';
import type { Config } from '../../core/runtime/config.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';

const pageShape = z.object({
  provider: z.enum(['stripe', 'sandbox']),
  publishable_key: z.string().nullable(),
});

/**
 * Whether the page shows Stripe's own fields. Another server that speaks Stripe's API has none,
 * unless it stands before Stripe, which whoever gives the key of the fields says.
 */
export function hasStripeFields({
  apiBase,
  publishableKey,
}: Pick<Config['payments'], 'apiBase' | 'publishableKey'>): boolean {
  return apiBase === undefined || publishableKey !== undefined;
}

/** What the page needs to know to show the right fields: Stripe's own, or the sandbox's cards. */
export function paymentPageRoutes({ config }: Pick<ApiDeps, 'config'>): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/payments',
      summary: 'Who takes the payment, and the key for its fields in the page',
      identity: 'none',
      cacheSeconds: 60,
      answers: { 200: pageShape },
      handle: async () => {
        const { publishableKey = null } = config.payments;
        const provider = hasStripeFields(config.payments) ? 'stripe' : 'sandbox';
        return { status: 200, body: { provider, publishable_key: publishableKey } };
      },
    }),
  ];
}
