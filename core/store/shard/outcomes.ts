import type { ShowScoped } from '../../domain/ids.js';
import type { DecisionMessage } from '../../redis/news.js';
import type { Queryable } from '../database.js';
import type { ReservedSeat } from './seats.js';

type Row = {
  showId: number;
  requestId: number;
  fanId: string;
  state: 'ACCEPTED' | DecisionMessage['state'];
  reason: string | null;
  detail: string | null;
  seats: string | null;
  adjacent: number | null;
  amount: number | null;
  fee: number | null;
  discount: number | null;
  discountCode: string | null;
  currency: string | null;
  expiresAt: Date | null;
  limitAt: Date | null;
};

/** The decisions of requests that have one, as the push would have told them. */
export async function readOutcomes(
  shard: Pick<Queryable, 'rows'>,
  refs: ShowScoped[],
): Promise<DecisionMessage[]> {
  if (refs.length === 0) return [];
  const rows = await shard.rows<Row>(
    `SELECT q.show_id AS showId, q.request_id AS requestId, q.fan_id AS fanId, q.state AS state,
       q.reason AS reason, q.detail AS detail, r.seats AS seats, r.adjacent AS adjacent,
       r.amount AS amount, r.fee AS fee, r.discount AS discount, r.discount_code AS discountCode,
       r.currency AS currency, r.expires_at AS expiresAt, r.limit_at AS limitAt
     FROM JSON_TABLE(?, '$[*]' COLUMNS (
       show_id INT UNSIGNED PATH '$[0]', request_id BIGINT UNSIGNED PATH '$[1]'
     )) AS k
     STRAIGHT_JOIN request q ON q.show_id = k.show_id AND q.request_id = k.request_id
     LEFT JOIN reservation r ON r.show_id = q.show_id AND r.reservation_id = q.request_id
     WHERE q.state <> 'ACCEPTED'`,
    [JSON.stringify(refs.map((ref) => [ref.showId, ref.no]))],
  );
  return rows.map(toMessage);
}

function toMessage(row: Row): DecisionMessage {
  const common = {
    show_id: row.showId,
    no: row.requestId,
    fan_id: row.fanId,
    state: row.state as DecisionMessage['state'],
  };
  if (row.state !== 'GRANTED' || row.seats === null) {
    return {
      ...common,
      ...(row.reason ? { reason: row.reason } : {}),
      ...(row.detail ? { alternatives: JSON.parse(row.detail) as string[][] } : {}),
    };
  }
  return {
    ...common,
    grant: {
      seats: (JSON.parse(row.seats) as ReservedSeat[]).map(([, seat, price]) => [seat, price]),
      adjacent: row.adjacent === 1,
      amount: row.amount ?? 0,
      fee: row.fee ?? 0,
      ...(row.discountCode === null
        ? {}
        : { discount: { code: row.discountCode, amount: row.discount ?? 0 } }),
      currency: row.currency ?? '',
      expires_at_ms: row.expiresAt?.getTime() ?? 0,
      limit_at_ms: row.limitAt?.getTime() ?? 0,
    },
  };
}
