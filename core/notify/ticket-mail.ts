import type { MailContent } from './mailer.js';
import { renderMessage } from './message-text.js';
import { qrPng } from './qr.js';
import type { TicketBooking } from './ticket.js';
import { renderTicketPdf } from './ticket-pdf.js';
import { moneyText, showTime } from './wording.js';

/**
 * Writes the mail of a booking in the cinema's language: text, HTML with each seat's code inline,
 * and the tickets as PDF. `url` is the page where the fan finds them again. Rejects for a booking
 * without seats.
 */
export async function renderTicketMail(
  booking: TicketBooking,
  url: string,
): Promise<MailContent & { short: string }> {
  const { locale, currency } = booking;
  const seats = booking.seats.map((seat, no) => ({
    ...seat,
    priceText: moneyText(seat.price, currency, locale),
    cid: `seat-${no + 1}@tickets.usher`,
  }));
  const values = {
    ...showTime(booking.startsAt, booking.timeZone, locale),
    bookingId: booking.bookingId,
    toName: booking.fanName === '' ? '' : ` ${booking.fanName}`,
    movieTitle: booking.movieTitle,
    cinema: booking.cinema,
    hall: booking.hall,
    amount: moneyText(booking.amount, currency, locale),
    url,
    seats: seats.map(({ seat }) => seat).join(', '),
    tickets: seats.map(({ seat, ticketId, priceText }) => ({ seat, ticketId, price: priceText })),
  };
  const cards = seats.map(({ seat, ticketId, priceText, cid }) => ({
    ...{ title: seat, line: priceText, small: ticketId, cid },
  }));
  const pdf = await renderTicketPdf(booking);
  return {
    ...renderMessage('tickets', locale, values, cards),
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
