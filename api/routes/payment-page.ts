import { z } from 'zod';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';

const pageShape = z.object({
  provider: z.enum(['stripe', 'sandbox']),
  publishable_key: z.string().nullable(),
});

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
        const { apiBase, publishableKey = null } = config.payments;
        const provider = apiBase === undefined ? 'stripe' : 'sandbox';
        return { status: 200, body: { provider, publishable_key: publishableKey } };
      },
    }),
  ];
}
