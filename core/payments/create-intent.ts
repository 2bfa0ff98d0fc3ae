import type Stripe from 'stripe';
import type { Payments } from './outcomes.js';
import { isUnknownParameter } from './reading.js';

const typesName = 'allowed_payment_method_types';
const oldTypesName = 'payment_method_types';

type Wanted = Parameters<Payments['createIntent']>[0];

/**
 * Creates intents for cards only. The parameter for that has another name on servers that speak
 * an API version before 2026-09-30; one that refuses the new name has run nothing, so the call
 * is made again with the old one under the same key, and so are all that follow.
 */
export function openCreate(stripe: Stripe): (wanted: Wanted) => Promise<Stripe.PaymentIntent> {
  let isOlder = false;
  const create = (wanted: Wanted) => {
    const cardsOnly = { [isOlder ? oldTypesName : typesName]: ['card'] };
    return stripe.paymentIntents.create(
      {
        ...cardsOnly,
        amount: wanted.amount,
        currency: wanted.currency.toLowerCase(),
        confirm: true,
        metadata: wanted.metadata,
        payment_method: wanted.paymentToken,
        return_url: wanted.returnUrl,
        ...(wanted.manualCapture ? { capture_method: 'manual' as const } : {}),
      },
      { idempotencyKey: wanted.idempotencyKey },
    );
  };
  return async (wanted) => {
    try {
      return await create(wanted);
    } catch (error) {
      if (isOlder || !isUnknownParameter(error, typesName)) throw error;
      isOlder = true;
      return create(wanted);
    }
  };
}
