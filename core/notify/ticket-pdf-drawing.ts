import PDFDocument from 'pdfkit';
import { bold, regular } from './fonts.js';
import { qrBars } from './qr.js';
import { printText } from './text-fit.js';
import type { TicketBooking, TicketSeat } from './ticket.js';
import { type Language, languageOf, moneyText, showTime } from './wording.js';

type Doc = InstanceType<typeof PDFDocument>;

// A5 in points: it prints two on a sheet, and fills a phone's screen.
const page = { width: 420, height: 595 };
const edge = 34;
const inner = page.width - 2 * edge;
const tearY = 330;
const qrSide = 190;
const colours = {
  night: '#17132a',
  velvet: '#c8324a',
  gold: '#f2c14e',
  paper: '#fffdf8',
  ink: '#1c1830',
  quiet: '#736d86',
  line: '#d9d3c7',
} as const;

const words: Record<Language, Record<'ticket' | 'show' | Label, string>> = {
  en: {
    ticket: 'Ticket',
    cinema: 'Cinema',
    hall: 'Hall',
    price: 'Price',
    seat: 'Seat',
    name: 'Name',
    booking: 'Booking',
    show: 'Show this code at the door. It admits one person once.',
  },
  hi: {
    ticket: 'टिकट',
    cinema: 'सिनेमाघर',
    hall: 'हॉल',
    price: 'मूल्य',
    seat: 'सीट',
    name: 'नाम',
    booking: 'बुकिंग',
    show: 'यह कोड द्वार पर दिखाएँ। यह एक व्यक्ति को एक बार प्रवेश देता है।',
  },
};
type Label = 'cinema' | 'hall' | 'price' | 'seat' | 'name' | 'booking';

/** Draws the tickets of a booking, one page each, as one PDF file. Rejects when it has no seat. */
export async function drawTicketPdf(booking: TicketBooking): Promise<Buffer> {
  if (booking.seats.length === 0) throw new Error(`booking ${booking.bookingId} has no tickets`);
  const doc = new PDFDocument({
    size: [page.width, page.height],
    margin: 0,
    autoFirstPage: false,
    font: regular.path,
    info: { Title: `${booking.movieTitle}: tickets`, Author: 'Usher', Subject: booking.bookingId },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => resolve(Buffer.concat(chunks)));
    doc.on('error', reject);
  });
  for (const [no, seat] of booking.seats.entries()) {
    doc.addPage();
    drawTicket(doc, booking, seat, `${no + 1} / ${booking.seats.length}`);
  }
  doc.end();
  return done;
}

function drawTicket(doc: Doc, booking: TicketBooking, seat: TicketSeat, count: string): void {
  doc.rect(0, 0, page.width, page.height).fill(colours.paper);
  drawPoster(doc, booking, count);
  drawFacts(doc, booking, seat);
  drawTear(doc);
  drawStub(doc, booking, seat);
}

function drawPoster(doc: Doc, booking: TicketBooking, count: string): void {
  doc.rect(0, 0, page.width, 196).fill(colours.night);
  doc.rect(0, 196, page.width, 4).fill(colours.velvet);
  // Two beams of a projector, behind the title.
  doc.save().fillOpacity(0.1).fillColor(colours.gold);
  doc.polygon([page.width, 0], [120, 196], [260, 196]).fill();
  doc.polygon([page.width, 0], [300, 196], [page.width, 196]).fill();
  doc.restore();
  const head = { y: 44, font: bold, size: 11 };
  printText(doc, { ...head, text: 'USHER', x: edge, width: 120, colour: colours.gold });
  printText(doc, {
    ...head,
    text: `${words[languageOf(booking.locale)].ticket} ${count}`,
    font: regular,
    x: edge,
    width: inner,
    align: 'right',
    colour: '#c9c3dd',
  });
  printText(doc, {
    text: booking.movieTitle,
    x: edge,
    y: 96,
    width: inner,
    font: bold,
    size: 32,
    sizeMin: 18,
    linesMax: 3,
    colour: '#ffffff',
  });
}

function drawFacts(doc: Doc, booking: TicketBooking, seat: TicketSeat): void {
  const { locale } = booking;
  const say = words[languageOf(locale)];
  const when = showTime(booking.startsAt, booking.timeZone, locale);
  const half = inner / 2;
  fact(doc, say.cinema, booking.cinema, { x: edge, y: 226, width: half - 10 });
  fact(doc, say.hall, booking.hall, { x: edge + half, y: 226, width: half });
  fact(doc, `${when.time} ${when.zone}`, when.day, { x: edge, y: 280, width: half - 10 });
  fact(doc, say.price, moneyText(seat.price, booking.currency, locale), {
    x: edge + half,
    y: 280,
    width: half,
  });
}

function fact(
  doc: Doc,
  label: string,
  value: string,
  at: { x: number; y: number; width: number },
): void {
  const isTime = /^\d/.test(label);
  printText(doc, {
    ...at,
    text: label,
    font: isTime ? bold : regular,
    size: isTime ? 13 : 8.5,
    colour: isTime ? colours.velvet : colours.quiet,
  });
  printText(doc, {
    ...at,
    text: value,
    y: at.y + 17,
    font: bold,
    size: 13,
    sizeMin: 9,
    linesMax: 2,
    colour: colours.ink,
  });
}

function drawTear(doc: Doc): void {
  doc.save().dash(4, { space: 4 }).lineWidth(1).strokeColor(colours.line);
  doc
    .moveTo(14, tearY)
    .lineTo(page.width - 14, tearY)
    .stroke();
  doc.restore();
  for (const x of [0, page.width]) doc.circle(x, tearY, 9).fill(colours.line);
}

function drawStub(doc: Doc, booking: TicketBooking, seat: TicketSeat): void {
  const top = tearY + 30;
  const say = words[languageOf(booking.locale)];
  const qrX = page.width - edge - qrSide;
  drawQr(doc, seat.qrCode, { x: qrX, y: top, side: qrSide });
  const column = { x: edge, width: qrX - edge - 14 };
  const label = (text: string, y: number) =>
    printText(doc, { ...column, text, y, font: regular, size: 8.5, colour: colours.quiet });
  label(say.seat, top + 10);
  const seatName = { text: seat.seat, y: top + 52, size: 40, sizeMin: 16 };
  printText(doc, { ...column, ...seatName, font: bold, colour: colours.velvet });
  label(say.name, top + 92);
  const name = { text: booking.fanName, y: top + 109, size: 13, sizeMin: 9, linesMax: 3 };
  printText(doc, { ...column, ...name, font: bold, colour: colours.ink });
  label(say.booking, top + 164);
  const number = { text: booking.bookingId, y: top + 180, size: 11, sizeMin: 6 };
  printText(doc, { ...column, ...number, font: regular, colour: colours.ink });
  printText(doc, {
    text: `${seat.ticketId} · ${say.show}`,
    x: edge,
    y: page.height - 22,
    width: inner,
    font: regular,
    size: 8,
    sizeMin: 6,
    align: 'center',
    colour: colours.quiet,
  });
}

/** Draws the code as shapes, so that it stays sharp at any size, on white with its quiet zone. */
function drawQr(doc: Doc, text: string, at: { x: number; y: number; side: number }): void {
  const { cells, bars } = qrBars(text);
  const quietCells = 4;
  const cell = at.side / (cells + 2 * quietCells);
  doc.rect(at.x, at.y, at.side, at.side).fill('#ffffff');
  const origin = { x: at.x + quietCells * cell, y: at.y + quietCells * cell };
  for (const bar of bars) {
    // A hair more than a cell, or viewers show light seams between the rows.
    doc.rect(origin.x + bar.x * cell, origin.y + bar.y * cell, bar.length * cell, cell + 0.05);
  }
  doc.fill('#000000');
}
