import type { MailContent } from './mailer.js';
import { qrPng } from './qr.js';
import { fillTemplate } from './template.js';
import type { TicketBooking } from './ticket.js';
import { renderTicketPdf } from './ticket-pdf.js';
import { moneyText, showTime } from './wording.js';

/**
 * Writes the mail of a booking: text, HTML with each seat's code inline, and the tickets as PDF.
 * `bookingsUrl` is the page where the fan finds them again. Rejects for a booking without seats.
 */
export async function renderTicketMail(
  booking: TicketBooking,
  bookingsUrl: string,
): Promise<MailContent> {
  const when = showTime(booking.startsAt, booking.timeZone);
  const seats = booking.seats.map((seat, no) => ({ ...seat, cid: `seat-${no + 1}@tickets.usher` }));
  const values = {
    ...when,
    bookingId: booking.bookingId,
    fanName: booking.fanName,
    movieTitle: booking.movieTitle,
    cinema: booking.cinema,
    hall: booking.hall,
    amount: moneyText(booking.amount, booking.currency),
    bookingsUrl,
    seats: seats.map((seat) => ({
      seat: seat.seat,
      ticketId: seat.ticketId,
      cid: seat.cid,
      price: moneyText(seat.price, booking.currency),
    })),
  };
  const pdf = await renderTicketPdf(booking);
  return {
    subject: `Your tickets: ${booking.movieTitle}, ${when.day}, ${when.time}`,
    text: fillTemplate('ticket.txt', values),
    html: fillTemplate('ticket.html', values),
    attachments: [
      {
        filename: `tickets-${booking.bookingId}.pdf`,
        contentType: 'application/pdf',
        content: pdf,
      },
      ...seats.map((seat, no) => ({
        filename: `seat-${no + 1}.png`,
        contentType: 'image/png',
        content: qrPng(seat.qrCode),
        cid: seat.cid,
      })),
    ],
  };
}
