import type { ShowId } from '../../domain/ids.js';
import { type PriceRules, priceAt } from '../../domain/price-rules.js';
import type { OrphanRule } from '../../domain/single-seats.js';
import type { GateState, SeatState } from '../../domain/states.js';
import type { Queryable } from '../database.js';

export type MapSeat = {
  seatNo: number;
  seat: string;
  row: string;
  x: number;
  zone: string;
  kind: string;
  price: number;
  state: SeatState;
};
export type SeatMap = {
  version: number;
  currency: string;
  gate: GateState;
  orphanRule: OrphanRule;
  priceVersion: number;
  seats: MapSeat[];
};

/** All seats with the version that they have together: one statement reads one snapshot. */
export async function readSeatMap(
  shard: Pick<Queryable, 'rows'>,
  showId: ShowId,
): Promise<SeatMap | undefined> {
  const rows = await shard.rows<
    Omit<MapSeat, 'seatNo' | 'row'> & {
      seat_no: number;
      row_label: string;
      version: number;
      currency: string;
      gate: GateState;
      orphanRule: OrphanRule;
      priceRules: string | null;
      pricePercent: number;
      priceVersion: number;
    }
  >(
    `SELECT h.version, h.currency, h.orphan_rule AS orphanRule, h.price_rules AS priceRules,
       h.price_percent AS pricePercent, h.price_version AS priceVersion, g.state AS gate, s.seat_no, s.seat, s.row_label, s.x, s.zone,
       s.kind, s.price, s.state
     FROM show_head AS h
     JOIN show_gate AS g ON g.show_id = h.show_id
     JOIN show_seat AS s ON s.show_id = h.show_id
     WHERE h.show_id = ? ORDER BY s.seat_no`,
    [showId],
  );
  const [first] = rows;
  const rules = first?.priceRules ? (JSON.parse(first.priceRules) as PriceRules) : null;
  return (
    first && {
      version: first.version,
      currency: first.currency,
      gate: first.gate,
      orphanRule: first.orphanRule,
      priceVersion: first.priceVersion,
      seats: rows.map(({ seat, x, zone, kind, price, state, ...row }) => ({
        seatNo: row.seat_no,
        row: row.row_label,
        ...{ seat, x, zone, kind, state, price: priceAt(rules, price, first.pricePercent) },
      })),
    }
  );
}
