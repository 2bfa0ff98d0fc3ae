import { call } from './api.js';

/** Whether this browser can show notes while no page is open. */
export function canPush(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

/**
 * Asks the fan and the browser for a subscription; null when either says no, or this Usher sends no
 * notes.
 */
async function subscribe(): Promise<PushSubscriptionJSON | null> {
  if (!canPush() || (await Notification.requestPermission()) !== 'granted') return null;
  const { body } = await call<{ public_key: string | null }>('/push-key', { cacheable: true });
  if (body.public_key === null) return null;
  try {
    await navigator.serviceWorker.register('/sw.js');
    const registration = await navigator.serviceWorker.ready;
    const known = await registration.pushManager.getSubscription();
    const made =
      known ??
      (await registration.pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: body.public_key,
      }));
    return made.toJSON();
  } catch {
    // Some browsers offer push and have no service behind it.
    return null;
  }
}

/** Asks to be told of the turn, by mail and, where it works, by the browser. */
export async function notifyMe(saleId: string): Promise<{ push: boolean }> {
  const made = await subscribe();
  const push = made?.endpoint && made.keys ? { endpoint: made.endpoint, keys: made.keys } : null;
  const body = push === null ? { mail: true } : { mail: true, push };
  const answer = await call<{ push: boolean }>(`/sales/${saleId}/notify`, { method: 'POST', body });
  return answer.body;
}

export async function notifyMeNot(saleId: string): Promise<void> {
  await call(`/sales/${saleId}/notify`, { method: 'DELETE' });
}
