// The other thread: draws one booking a message. Started by ticket-pdf-renderer.ts.
import { parentPort } from 'node:worker_threads';
import type { TicketBooking } from './ticket.js';
import { drawTicketPdf } from './ticket-pdf-drawing.js';

/** What the thread answers to each booking that it is sent. */
export type ThreadAnswer = { ok: true; pdf: Uint8Array } | { ok: false; message: string };

parentPort?.on('message', (booking: TicketBooking) => {
  drawTicketPdf(booking).then(
    (pdf) => answer({ ok: true, pdf }),
    (error: unknown) => answer({ ok: false, message: String(error) }),
  );
});

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}
