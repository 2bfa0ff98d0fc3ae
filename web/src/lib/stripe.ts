/**
 * Stripe's own fields. The script comes from Stripe's site, as Stripe demands, and only where Stripe
 * takes the payment: card numbers go from its frame to Stripe and never through this page.
 */
const scriptUrl = 'https://js.stripe.com/v3/';

interface StripeError {
  message?: string;
}

interface PaymentField {
  mount(place: HTMLElement): void;
  destroy(): void;
}

export interface Elements {
  create(kind: 'payment'): PaymentField;
  submit(): Promise<{ error?: StripeError }>;
}

export interface Stripe {
  elements(options: {
    mode: 'payment';
    amount: number;
    currency: string;
    paymentMethodCreation: 'manual';
    paymentMethodTypes: string[];
  }): Elements;
  createPaymentMethod(options: {
    elements: Elements;
  }): Promise<{ error?: StripeError; paymentMethod?: { id: string } }>;
  handleNextAction(options: { clientSecret: string }): Promise<{ error?: StripeError }>;
}

declare global {
  interface Window {
    Stripe?: (publishableKey: string) => Stripe;
  }
}

let loading: Promise<void> | undefined;
let opened: { key: string; stripe: Stripe } | undefined;

/** Loads Stripe's script once. Rejects when it can't be loaded, and may then be asked again. */
export async function openStripe(key: string): Promise<Stripe> {
  if (opened?.key === key) return opened.stripe;
  loading ??= loadScript();
  await loading.catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  if (window.Stripe === undefined) throw new Error('Stripe’s script did not start.');
  opened = { key, stripe: window.Stripe(key) };
  return opened.stripe;
}

function loadScript(): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = scriptUrl;
    script.async = true;
    script.onload = () => resolve();
    script.onerror = () => {
      script.remove();
      reject(new Error('Stripe’s payment fields could not be loaded.'));
    };
    document.head.append(script);
  });
}

/** The token of the card in Stripe's fields. Throws with Stripe's words for the fan. */
export async function cardToken(stripe: Stripe, elements: Elements): Promise<string> {
  const { error: wrong } = await elements.submit();
  if (wrong !== undefined) throw new Error(wrong.message ?? 'The card is not complete.');
  const { error, paymentMethod } = await stripe.createPaymentMethod({ elements });
  if (paymentMethod === undefined) throw new Error(error?.message ?? 'The card was not taken.');
  return paymentMethod.id;
}
