import { formatPlainId } from '../../core/domain/ids.js';
import { renderMessage } from '../../core/notify/message-text.js';
import { showTime } from '../../core/notify/wording.js';
import type { Message } from '../../core/store/catalog/messages.js';
import { readSaleNotice } from '../../core/store/catalog/sale-notices.js';
import type { Composed, WordsDeps } from './words.js';

/** Messages that are about no show: a sale that opens soon, an answer to a question. */
export async function saleWords(
  deps: WordsDeps,
  { kind, detail, subjectId }: Message,
  to: { name: string },
): Promise<Composed | null> {
  const toName = to.name === '' ? '' : ` ${to.name}`;
  if (kind === 'support_answer') {
    const locale = String(detail.locale ?? 'en');
    const url = `${deps.publicUrl}/bookings`;
    const caseId = formatPlainId('support', subjectId ?? 0);
    return {
      ...renderMessage(kind, locale, { toName, caseId, url }),
      attachments: [],
      url,
      locale,
    };
  }
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
