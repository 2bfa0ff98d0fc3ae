import { z } from 'zod';
import { makeRefund } from '../../core/payments/refunding.js';
import type { OutboxHandler } from './deps.js';

const payloadSchema = z.object({ refund_no: z.int() });

/** Makes a committed refund at the provider. */
export const refundHandler: OutboxHandler = async (deps, row) => {
  const { refund_no: refundNo } = payloadSchema.parse(row.payload);
  await makeRefund(deps, { showId: row.showId, reservationId: row.subjectId, refundNo });
};
