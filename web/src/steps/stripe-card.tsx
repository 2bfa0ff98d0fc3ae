import { useEffect, useRef, useState } from 'preact/hooks';
import { money } from '../lib/format.js';
import type { Purchase } from '../lib/keep.js';
import { pay } from '../lib/payment.js';
import { cardToken, type Elements, openStripe, type Stripe } from '../lib/stripe.js';
import { wordsOf } from '../lib/words.js';
import { Notice } from '../parts/notice.js';

/** Stripe's Payment Element: the fan types the card into Stripe's own frame. */
export function StripeCard({
  purchase,
  publishableKey,
}: {
  purchase: Purchase;
  publishableKey: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const fields = useRef<{ stripe: Stripe; elements: Elements } | undefined>(undefined);
  const [ready, setReady] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const { amount = 0, currency = '' } = purchase.reservation ?? {};

  useEffect(() => {
    let gone = false;
    let unmount = (): void => undefined;
    openStripe(publishableKey).then(
      (stripe) => {
        if (gone || place.current === null) return;
        const elements = stripe.elements({
          mode: 'payment',
          amount,
          currency: currency.toLowerCase(),
          paymentMethodCreation: 'manual',
          paymentMethodTypes: ['card'],
        });
        const field = elements.create('payment');
        field.mount(place.current);
        unmount = () => field.destroy();
        fields.current = { stripe, elements };
        setReady(true);
      },
      (error: unknown) => setWrong(wordsOf(error)),
    );
    return () => {
      gone = true;
      unmount();
    };
  }, [publishableKey, amount, currency]);

  const submit = async (): Promise<void> => {
    if (fields.current === undefined || busy) return;
    setBusy(true);
    setWrong('');
    try {
      await pay(purchase, await cardToken(fields.current.stripe, fields.current.elements));
    } catch (error) {
      setWrong(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {wrong !== '' && (
        <Notice tone="bad" title="That did not work" alert>
          <p>{wrong}</p>
        </Notice>
      )}
      <div ref={place} />
      <p class="quiet">Your card goes to Stripe directly. Its number never reaches us.</p>
      <button type="submit" class="button button-wide" disabled={!ready || busy}>
        Pay {purchase.reservation === undefined ? '' : money(purchase.reservation)}
      </button>
    </form>
  );
}
