import { expect } from '@jest/globals';
import { brokenRows, type LaneWorld } from './lane-world.js';
import type { LineModel, MadeOffer } from './line-model.js';

/** What the rows of a show say since they were looked at last, beside the model of its line. */
export class LineRows {
  /** What has happened, so that a test can say that everything has. */
  readonly counts = { offers: 0, lapses: 0, refused: 0, fewer: 0, late: 0 };
  private readonly shard: LaneWorld['shard'];
  private readonly showId: number;
  private readonly model: LineModel;
  private lastOffer = 0;
  private lastLsn = 0;

  constructor(shard: LaneWorld['shard'], showId: number, model: LineModel) {
    this.shard = shard;
    this.showId = showId;
    this.model = model;
  }

  async newOffers(): Promise<MadeOffer[]> {
    const rows = await this.shard.rows<{ no: number; fanId: string; seats: string }>(
      `SELECT reservation_id AS no, fan_id AS fanId, seats FROM reservation
       WHERE show_id = ? AND offered = 1 AND reservation_id > ? ORDER BY reservation_id`,
      [this.showId, this.lastOffer],
    );
    this.lastOffer = rows.at(-1)?.no ?? this.lastOffer;
    this.counts.offers += rows.length;
    return rows.map(({ no, fanId, seats: text }) => {
      const seats = (JSON.parse(text) as [number, string, number][]).map(([, seat]) => ({ seat }));
      const wanted = this.model.line.get(fanId)?.quantity ?? 0;
      if (seats.length < wanted) this.counts.fewer += 1;
      return { no, fanId, seats };
    });
  }

  /** Whatever was logged since the last look was logged by so many transactions at most. */
  async oneMoment(transactions: number): Promise<void> {
    const [row] = await this.shard.rows<{ moments: number; lsn: number | null }>(
      `SELECT COUNT(DISTINCT at) AS moments, MAX(lsn) AS lsn FROM show_log
       WHERE show_id = ? AND lsn > ?`,
      [this.showId, this.lastLsn],
    );
    this.lastLsn = row?.lsn ?? this.lastLsn;
    expect(row?.moments).toBeLessThanOrEqual(transactions);
  }

  async compare(): Promise<void> {
    const { shard } = this;
    const seats = await shard.rows<{ seat: string; state: string }>(
      'SELECT seat, state FROM show_seat WHERE show_id = ? ORDER BY seat_no',
      [this.showId],
    );
    expect(seats).toEqual(this.model.seats.map(({ seat, state }) => ({ seat, state })));
    const line = await shard.rows(
      `SELECT fan_id AS fanId, state, quantity, offered, lapses FROM waitlist
       WHERE show_id = ? ORDER BY place`,
      [this.showId],
    );
    const expected = [...this.model.line]
      .sort(([, a], [, b]) => a.place - b.place)
      .map(([fanId, { state, quantity, offered, lapses }]) => ({
        ...{ fanId, state, quantity, offered, lapses },
      }));
    expect(line).toEqual(expected);
    expect(await brokenRows(shard, this.showId)).toEqual([]);
  }
}
