import { z } from 'zod';

const seat = z.string().regex(/^[A-Za-z0-9]{1,6}-[A-Za-z0-9]{1,5}$/, {
  error: 'a seat is named like J-12',
});

/** Seats in one wish: bounds the journal row; the sale's own cap is lower. */
export const wishSeatsMax = 20;

/** A discount code as a fan types it. */
export const discountCode = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9 -]+$/, { error: 'has letters, digits, spaces and dashes only' });

/** Chosen seats, or a number of seats that Usher picks. Nothing in it can name a price. */
export const reserveBody = z
  .strictObject({
    show_id: z.string().max(12),
    movie_id: z.string().max(48).optional(),
    seats: z.array(seat).min(1).max(wishSeatsMax).optional(),
    quantity: z.int().min(1).max(wishSeatsMax).optional(),
    zone: z.string().min(1).max(40).optional(),
    accessible: z.boolean().optional(),
    code: discountCode.optional(),
  })
  .refine((body) => (body.seats === undefined) !== (body.quantity === undefined), {
    error: 'name either seats or a quantity',
  })
  .refine((body) => !body.seats || (body.zone === undefined && body.accessible === undefined), {
    error: 'zone and accessible go with a quantity, not with chosen seats',
  })
  .refine((body) => !body.seats || new Set(body.seats).size === body.seats.length, {
    error: 'a seat is named twice',
  });

export type ReserveBody = z.infer<typeof reserveBody>;

const money = z.object({ amount: z.int(), currency: z.string() });

export const reserveAnswer = z.object({
  reservation_id: z.string(),
  request_id: z.string(),
  show_id: z.string(),
  seats: z.array(z.object({ seat: z.string(), price: money })),
  adjacent: z.boolean(),
  amount: z.int().meta({ description: 'Prices and fee together, less the discount' }),
  fee: z.int().meta({ description: 'The booking fee in the amount' }),
  discount: z.int().optional().meta({ description: 'What the code took off the prices' }),
  discount_code: z.string().optional(),
  currency: z.string(),
  expires_at: z.string(),
  limit_at: z.string(),
});

export const pendingAnswer = z.object({ request_id: z.string(), status_url: z.string() });
