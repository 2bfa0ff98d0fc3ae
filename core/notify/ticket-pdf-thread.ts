// The other thread: draws one booking or receipt a message. Started by ticket-pdf-renderer.ts.
import { parentPort } from 'node:worker_threads';
import type { Receipt } from './receipt.js';
import { drawReceiptPdf } from './receipt-pdf-drawing.js';
import type { TicketBooking } from './ticket.js';
import { drawTicketPdf } from './ticket-pdf-drawing.js';

/** What may be drawn: a receipt is the one that has a total. */
export type PdfWish = TicketBooking | Receipt;

/** What the thread answers to each booking that it is sent. */
export type ThreadAnswer = { ok: true; pdf: Uint8Array } | { ok: false; message: string };

parentPort?.on('message', (wish: PdfWish) => {
  const drawn = 'total' in wish ? drawReceiptPdf(wish) : drawTicketPdf(wish);
  drawn.then(
    (pdf) => answer({ ok: true, pdf }),
    (error: unknown) => answer({ ok: false, message: String(error) }),
  );
});

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}
