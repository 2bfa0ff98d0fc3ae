import { renderMessage } from '../../core/notify/message-text.js';
import { showTime } from '../../core/notify/wording.js';
import type { Message } from '../../core/store/catalog/messages.js';
import { readSaleNotice } from '../../core/store/catalog/sale-notices.js';
import type { Composed, WordsDeps } from './words.js';

/** The message that a sale opens soon; null once it has opened or was closed. */
export async function saleWords(
  deps: WordsDeps,
  { detail }: Message,
  to: { name: string },
): Promise<Composed | null> {
  const toName = to.name === '' ? '' : ` ${to.name}`;
  const notice = await readSaleNotice(deps.catalog, {
    saleId: String(detail.sale_id),
    movieId: String(detail.movie_id),
  });
  if (!notice || notice.state === 'CLOSED' || notice.nowMs >= notice.opensAtMs) return null;
  const { locale, timeZone } = notice;
  const opens = showTime(new Date(notice.opensAtMs), timeZone, locale);
  const url = `${deps.publicUrl}/sales/${String(detail.sale_id)}`;
  const text = renderMessage('sale_soon', locale, {
    ...{ toName, movieTitle: notice.title, saleName: notice.name, url, zone: opens.zone },
    ...{ opensDay: opens.day, opensTime: opens.time },
  });
  return { ...text, attachments: [], url, locale };
}
