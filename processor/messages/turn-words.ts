import { renderMessage } from '../../core/notify/message-text.js';
import { showTime } from '../../core/notify/wording.js';
import { readLastPass } from '../../core/store/catalog/admission.js';
import type { Message } from '../../core/store/catalog/messages.js';
import { readSaleClock } from '../../core/store/catalog/sale-notices.js';
import type { Composed, WordsDeps } from './words.js';

/** That the turn is near, or has come; null when the sale is over or the pass is. */
export async function turnWords(
  deps: WordsDeps,
  { kind, detail, fanId }: Message,
  to: { name: string },
): Promise<Composed | null> {
  const saleId = String(detail.sale_id);
  const sale = await readSaleClock(deps.catalog, saleId);
  if (!sale || sale.state === 'CLOSED') return null;
  const pass = await readLastPass(deps.catalog, { saleId, fanId });
  // Whose turn has come needs no word that it is near, and an old pass opens nothing.
  if (kind === 'turn_soon' ? pass !== undefined : !pass?.live) return null;
  const { locale, timeZone } = sale;
  const until = showTime(new Date(pass?.expiresAtMs ?? 0), timeZone, locale);
  const url = `${deps.publicUrl}/sales/${saleId}`;
  const text = renderMessage(kind, locale, {
    toName: to.name === '' ? '' : ` ${to.name}`,
    ...{ saleName: sale.name, until: until.time, zone: until.zone, url },
  });
  return { ...text, attachments: [], url, locale };
}
