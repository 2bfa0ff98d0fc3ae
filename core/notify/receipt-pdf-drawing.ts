import PDFDocument from 'pdfkit';
import { bold, type FontFile, regular } from './fonts.js';
import type { Receipt } from './receipt.js';
import { printText } from './text-fit.js';
import { type Language, languageOf, moneyText, showTime } from './wording.js';

type Doc = InstanceType<typeof PDFDocument>;

// A4 in points.
const page = { width: 595, height: 842 };
const edge = 56;
const inner = page.width - 2 * edge;
const colours = { ink: '#1c1830', quiet: '#736d86', line: '#d9d3c7', accent: '#c8324a' } as const;
const lineStep = 20;
/** Seats that have a line each; more are one line together. */
const seatLinesMax = 20;

const words: Record<Language, Record<string, string>> = {
  en: {
    title: 'Receipt',
    number: 'Number',
    date: 'Date',
    buyer: 'For',
    seat: 'Seat',
    seats: 'Seats',
    fee: 'Booking fee',
    discount: 'Discount',
    total: 'Total',
    net: 'Net',
    tax: 'Tax included',
    refunded: 'Refunded',
  },
  hi: {
    title: 'रसीद',
    number: 'संख्या',
    date: 'दिनांक',
    buyer: 'नाम',
    seat: 'सीट',
    seats: 'सीटें',
    fee: 'बुकिंग शुल्क',
    discount: 'छूट',
    total: 'कुल',
    net: 'कर-पूर्व राशि',
    tax: 'शामिल कर',
    refunded: 'वापस किया गया',
  },
};

/** Draws the receipt of a booking as a PDF file of one page. */
export async function drawReceiptPdf(receipt: Receipt): Promise<Buffer> {
  const doc = new PDFDocument({
    size: [page.width, page.height],
    margin: 0,
    font: regular.path,
    info: { Title: `Receipt ${receipt.bookingId}`, Author: 'Usher' },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => resolve(Buffer.concat(chunks)));
    doc.on('error', reject);
  });
  drawLines(doc, receipt, drawHead(doc, receipt));
  doc.end();
  return done;
}

function print(
  doc: Doc,
  text: string,
  at: { y: number; font?: FontFile; size?: number; right?: boolean; colour?: string },
): void {
  const { y, font = regular, size = 11, right = false, colour = colours.ink } = at;
  const width = right ? inner : inner - 120;
  const fit = { sizeMin: 7, linesMax: 1, align: right ? ('right' as const) : ('left' as const) };
  printText(doc, { ...fit, text, x: edge, y, width, font, size, colour });
}

/** Returns where the lines begin. */
function drawHead(doc: Doc, receipt: Receipt): number {
  const { locale, timeZone } = receipt;
  const say = words[languageOf(locale)];
  const paid = showTime(receipt.paidAt, timeZone, locale);
  const starts = showTime(receipt.startsAt, timeZone, locale);
  print(doc, receipt.cinema, { y: 80, font: bold, size: 20, colour: colours.accent });
  print(doc, receipt.address, { y: 98, colour: colours.quiet });
  print(doc, say.title ?? '', { y: 150, font: bold, size: 26 });
  const facts = [
    `${say.number}: ${receipt.bookingId}`,
    `${say.date}: ${paid.day}, ${paid.time} (${paid.zone})`,
    ...(receipt.fanName === '' ? [] : [`${say.buyer}: ${receipt.fanName}`]),
    receipt.movieTitle,
    `${starts.day}, ${starts.time} (${starts.zone}), ${receipt.hall}`,
  ];
  facts.forEach((text, no) => {
    print(doc, text, { y: 182 + no * lineStep, font: no === 3 ? bold : regular });
  });
  return 182 + facts.length * lineStep + 20;
}

function drawLines(doc: Doc, receipt: Receipt, from: number): void {
  const { locale, currency, seats } = receipt;
  const say = words[languageOf(locale)];
  const money = (amount: number) => moneyText(amount, currency, locale);
  let y = from;
  const row = (label: string, amount: number, font = regular) => {
    print(doc, label, { y, font });
    print(doc, money(amount), { y, font, right: true });
    y += lineStep;
  };
  const rule = () => {
    doc.moveTo(edge, y - 12).lineTo(page.width - edge, y - 12);
    doc.lineWidth(1).strokeColor(colours.line).stroke();
    y += 6;
  };
  rule();
  if (seats.length <= seatLinesMax) {
    for (const { seat, price } of seats) row(`${say.seat} ${seat}`, price);
  } else {
    const sum = seats.reduce((total, { price }) => total + price, 0);
    row(`${seats.length} ${say.seats}`, sum);
  }
  if (receipt.fee > 0) row(say.fee ?? '', receipt.fee);
  if (receipt.discount > 0) row(`${say.discount} (${receipt.discountCode})`, -receipt.discount);
  rule();
  row(say.total ?? '', receipt.total, bold);
  if (receipt.taxRateBp > 0) {
    row(say.net ?? '', receipt.total - receipt.tax);
    row(`${say.tax} (${receipt.taxRateBp / 100} %)`, receipt.tax);
  }
  if (receipt.refunded > 0) row(say.refunded ?? '', -receipt.refunded);
}
