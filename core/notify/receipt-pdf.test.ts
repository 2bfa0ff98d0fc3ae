import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type Receipt, taxIn } from './receipt.js';
import { drawReceiptPdf } from './receipt-pdf-drawing.js';

const receipt: Receipt = {
  bookingId: 'bkg_3f_1k9',
  fanName: 'Łódź 日本',
  movieTitle: 'The Lantern Keeper',
  cinema: 'Regal Talkies',
  address: '1 Fort Road',
  hall: 'Screen 2',
  startsAt: new Date('2026-12-04T15:30:00.000Z'),
  paidAt: new Date('2026-12-01T15:30:00.000Z'),
  timeZone: 'Asia/Kolkata',
  locale: 'en',
  currency: 'INR',
  seats: [
    { seat: 'J-11', price: 24_000 },
    { seat: 'J-12', price: 24_000 },
  ],
  fee: 3_000,
  discount: 1_000,
  discountCode: 'DIWALI10',
  total: 50_000,
  taxRateBp: 1_800,
  tax: taxIn(50_000, 1_800),
  refunded: 10_000,
};

describe('the receipt as PDF', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-receipt-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const textOf = async (changed: Partial<Receipt> = {}): Promise<string> => {
    const path = join(folder, 'receipt.pdf');
    writeFileSync(path, await drawReceiptPdf({ ...receipt, ...changed }));
    return execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
  };

  it('has a line for each seat, the fee, the discount, the tax and what went back', async () => {
    const text = (await textOf()).replace(/[ \t]+/g, ' ');
    for (const line of [
      'Number: bkg_3f_1k9',
      'Seat J-11 ₹240.00',
      'Booking fee ₹30.00',
      'Discount (DIWALI10) -₹10.00',
      'Total ₹500.00',
      'Net ₹423.73',
      'Tax included (18 %) ₹76.27',
      'Refunded -₹100.00',
      '1 December 2026, 21:00',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('is one page however many seats there are, and says no tax where there is none', async () => {
    const seats = Array.from({ length: 50 }, (_, no) => ({ seat: `A-${no}`, price: 100 }));
    const text = await textOf({ seats, taxRateBp: 0 });
    expect(text).toContain('50 Seats');
    expect(text).not.toContain('Tax');
    expect(text.split('\f').filter((one) => one.trim() !== '')).toHaveLength(1);
  });

  it('splits an amount into net and tax without losing a unit', () => {
    for (const amount of [0, 1, 99, 50_000, 99_999_999]) {
      for (const rate of [0, 500, 1_800, 2_800, 10_000]) {
        const tax = taxIn(amount, rate);
        expect(Math.abs(tax - ((amount - tax) * rate) / 10_000)).toBeLessThanOrEqual(1);
      }
    }
  });
});
