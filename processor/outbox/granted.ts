import { z } from 'zod';
import { readBookingShows } from '../../core/store/catalog/booking-shows.js';
import type { OutboxHandler } from './deps.js';

const payloadSchema = z.object({
  grants: z.array(z.tuple([z.string(), z.string()]).rest(z.string())),
});

/** A granted request has spent its pass, whose slot in the room is for the next fan. */
export const grantedHandler: OutboxHandler = async ({ catalog, gate }, row) => {
  const { grants } = payloadSchema.parse(row.payload);
  const shows = await readBookingShows(catalog, [row.showId]);
  const saleOfShow = shows.get(row.showId)?.saleId;
  for (const [fanId, passId, named] of grants) {
    const saleId = named ?? saleOfShow;
    if (saleId !== undefined) await gate.finish({ saleId, fanId, passId });
  }
};
