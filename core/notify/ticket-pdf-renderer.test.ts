import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { packageRoot } from '../runtime/paths.js';
import type { TicketBooking } from './ticket.js';
import { openPdfRenderer, type PdfLimits, type PdfRenderer } from './ticket-pdf-renderer.js';

const bookingOf = (bookingId: string): TicketBooking => ({
  bookingId,
  fanName: 'Mira',
  movieTitle: 'The Lantern Keeper',
  cinema: 'Regal Talkies',
  hall: 'Screen 2',
  startsAt: new Date('2026-12-04T15:30:00.000Z'),
  timeZone: 'Asia/Kolkata',
  locale: 'en',
  seats: [{ seat: 'J-11', price: 24_000, ticketId: 'tkt_1_1_1', qrCode: 'code' }],
  amount: 24_000,
  currency: 'INR',
});

/** A thread that does what the booking's number says, and tells which thread it is. */
const obedientThread = `
import { parentPort, threadId } from 'node:worker_threads';
parentPort.on('message', ({ bookingId }) => {
  if (bookingId === 'die') process.exit(3);
  if (bookingId === 'throw') throw new Error('thrown in the thread');
  if (bookingId === 'hang') for (;;);
  if (bookingId === 'fail') parentPort.postMessage({ ok: false, message: 'cannot draw' });
  else parentPort.postMessage({ ok: true, pdf: new TextEncoder().encode(bookingId + '@' + threadId) });
});
`;

describe('the PDF thread', () => {
  let folder = '';
  let thread: URL;
  let renderer: PdfRenderer | undefined;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'usher-pdf-thread-'));
    const file = join(folder, 'obedient.mjs');
    writeFileSync(file, obedientThread);
    thread = pathToFileURL(file);
  });
  afterEach(async () => {
    await renderer?.close();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (limits: Partial<PdfLimits> = {}): ((id: string) => Promise<string>) => {
    const opened = openPdfRenderer(thread, { waitingMax: 10, jobMsMax: 10_000, ...limits });
    renderer = opened;
    return async (id) => (await opened.render(bookingOf(id))).toString();
  };

  it('draws one booking after another on one thread', async () => {
    const draw = open();
    const answers = await Promise.all(['a', 'b', 'c'].map(draw));
    expect(answers.map((answer) => answer.split('@')[0])).toEqual(['a', 'b', 'c']);
    expect(new Set(answers.map((answer) => answer.split('@')[1])).size).toBe(1);
    await expect(draw('fail')).rejects.toThrow('cannot draw');
    expect(await draw('d')).toBe(answers[0]?.replace('a@', 'd@'));
  });

  it('goes on with a new thread after one that died', async () => {
    const draw = open();
    const all = await Promise.allSettled(['a', 'die', 'b', 'throw', 'c'].map(draw));
    expect(all.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(String((all[1] as PromiseRejectedResult).reason)).toContain('ended with 3');
    expect(String((all[3] as PromiseRejectedResult).reason)).toContain('thrown in the thread');
  });

  it('gives up a booking that takes too long, and only that one', async () => {
    const draw = open({ jobMsMax: 1_000 });
    await draw('warm');
    const [stuck, next] = await Promise.allSettled(['hang', 'next'].map(draw));
    expect(String((stuck as PromiseRejectedResult).reason)).toContain('longer than 1000 ms');
    expect(next?.status).toBe('fulfilled');
  });

  it('refuses when too many wait, and rejects those that wait at close', async () => {
    const draw = open({ waitingMax: 2 });
    const waits = ['hang', 'b', 'c'].map(draw);
    const ends = Promise.allSettled(waits);
    await expect(draw('d')).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 });
    await renderer?.close();
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  it('draws real tickets from the built files, and keeps no process alive', () => {
    const built = join(packageRoot, 'dist/core/notify');
    if (!existsSync(join(built, 'ticket-pdf-thread.js'))) {
      throw new Error('dist has no PDF thread: run npm run build');
    }
    const program = `
      import { renderTicketPdf } from ${JSON.stringify(pathToFileURL(join(built, 'ticket-pdf.js')).href)};
      const booking = ${JSON.stringify(bookingOf('bkg_1_1'))};
      booking.startsAt = new Date(booking.startsAt);
      const before = performance.eventLoopUtilization();
      const pdf = await renderTicketPdf(booking);
      const { utilization } = performance.eventLoopUtilization(before);
      await renderTicketPdf({ ...booking, seats: [] }).catch((error) => console.error(error.message));
      console.log(JSON.stringify({ head: pdf.toString('latin1', 0, 5), size: pdf.length, utilization }));
    `;
    const text = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const told = JSON.parse(text) as { head: string; size: number; utilization: number };
    expect(told.head).toBe('%PDF-');
    expect(told.size).toBeGreaterThan(5_000);
    // The caller's own thread was free for other work while the other one drew.
    expect(told.utilization).toBeLessThan(0.5);
  });
});
