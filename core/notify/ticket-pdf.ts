import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Receipt } from './receipt.js';
import { drawReceiptPdf } from './receipt-pdf-drawing.js';
import type { TicketBooking } from './ticket.js';
import { drawTicketPdf } from './ticket-pdf-drawing.js';
import { openPdfRenderer } from './ticket-pdf-renderer.js';

// A thread needs a compiled file. Tests that run this source itself have none beside it, and draw
// the same on their own thread.
const threadFile = new URL('ticket-pdf-thread.js', import.meta.url);
const renderer = existsSync(fileURLToPath(threadFile)) ? openPdfRenderer(threadFile) : undefined;

/**
 * Renders the tickets of a booking, one page each, as one PDF file. Rejects when it has no seat,
 * and with `unavailable` when too many are being rendered already.
 */
export function renderTicketPdf(booking: TicketBooking): Promise<Buffer> {
  return renderer ? renderer.render(booking) : drawTicketPdf(booking);
}

/** Renders a receipt as a PDF file of one page, on the same thread. */
export function renderReceiptPdf(receipt: Receipt): Promise<Buffer> {
  return renderer ? renderer.render(receipt) : drawReceiptPdf(receipt);
}
