import { createHash } from 'node:crypto';
import { badParam, noSuch } from './errors.js';
import type { LedgerTx, StoredMethod } from './ledger.js';
import { newId, nowSeconds } from './objects.js';

/** What a test card does when it is charged. */
export type CardBehaviour =
  | { kind: 'succeeds' }
  | { kind: 'asks' }
  | { kind: 'pends' }
  | { kind: 'declines'; code: string; declineCode: string; message: string };

type Card = { brand: string; last4: string; behaviour: CardBehaviour };

function declines(last4: string, code: string, declineCode: string, message: string): Card {
  return { brand: 'visa', last4, behaviour: { kind: 'declines', code, declineCode, message } };
}

const declined = 'Your card was declined.';

/** Stripe's test payment methods; only `pm_card_pending` and its late decline are our own. */
const cards: Record<string, Card> = {
  pm_card_visa: { brand: 'visa', last4: '4242', behaviour: { kind: 'succeeds' } },
  pm_card_mastercard: { brand: 'mastercard', last4: '4444', behaviour: { kind: 'succeeds' } },
  pm_card_authenticationRequired: { brand: 'visa', last4: '3184', behaviour: { kind: 'asks' } },
  pm_card_pendingRefund: { brand: 'visa', last4: '7726', behaviour: { kind: 'succeeds' } },
  pm_card_refundFail: { brand: 'visa', last4: '5126', behaviour: { kind: 'succeeds' } },
  pm_card_createDispute: { brand: 'visa', last4: '0259', behaviour: { kind: 'succeeds' } },
  pm_card_pending: { brand: 'visa', last4: '0077', behaviour: { kind: 'pends' } },
  pm_card_chargeDeclined: declines('0002', 'card_declined', 'generic_decline', declined),
  pm_card_chargeDeclinedInsufficientFunds: declines(
    '9995',
    'card_declined',
    'insufficient_funds',
    'Your card has insufficient funds.',
  ),
  pm_card_chargeDeclinedLostCard: declines('9987', 'card_declined', 'lost_card', declined),
  pm_card_chargeDeclinedExpiredCard: declines(
    '0069',
    'expired_card',
    'expired_card',
    'Your card has expired.',
  ),
  pm_card_chargeDeclinedIncorrectCvc: declines(
    '0127',
    'incorrect_cvc',
    'incorrect_cvc',
    "Your card's security code is incorrect.",
  ),
  pm_card_chargeDeclinedProcessingError: declines(
    '0119',
    'processing_error',
    'processing_error',
    'An error occurred while processing your card. Try again in a little bit.',
  ),
};

/** Stripe spells the declining ones with and without the brand: both mean the same card. */
function cardOf(token: string): Card | undefined {
  const name = token.replace('pm_card_visa_', 'pm_card_');
  return Object.hasOwn(cards, name) ? cards[name] : undefined;
}

export function behaviourOf(method: StoredMethod): CardBehaviour {
  const card = cardOf(method.token);
  if (card === undefined) throw noSuch('PaymentMethod', method.token, 'payment_method', 400);
  return card.behaviour;
}

/**
 * Turns a test token into a payment method of its own, or finds one made before by its id.
 * Throws the 400 that Stripe gives for an id it doesn't know.
 */
export function methodFor(tx: LedgerTx, token: string): StoredMethod {
  const known = tx.get('method', token);
  if (known !== undefined) return known;
  if (!token.startsWith('pm_')) {
    throw badParam('payment_method', `Invalid payment_method: ${token.slice(0, 40)}`);
  }
  const card = cardOf(token);
  if (card === undefined) throw noSuch('PaymentMethod', token.slice(0, 80), 'payment_method', 400);
  const method: StoredMethod = {
    id: newId('pm'),
    object: 'payment_method',
    type: 'card',
    card: {
      brand: card.brand,
      last4: card.last4,
      exp_month: 12,
      exp_year: new Date().getUTCFullYear() + 3,
      fingerprint: createHash('sha256').update(card.last4).digest('hex').slice(0, 16),
    },
    created: nowSeconds(),
    livemode: false,
    metadata: {},
    token,
  };
  tx.put('method', method);
  return method;
}
