import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTicketCode, signTicketCode } from '../runtime/ticket-code.js';
import { covers } from './font-coverage.js';
import { regular, runsOf } from './fonts.js';
import { qrPng } from './qr.js';
import type { TicketBooking } from './ticket.js';
import { renderTicketPdf } from './ticket-pdf.js';

const pair = generateKeyPairSync('ed25519');
const key = { kid: 'tabc123', privateKey: pair.privateKey };
const codeOf = (no: number): string =>
  signTicketCode(key, { showId: 4_294_967_295, ticketId: `tkt_1z141z3_1k9_${no}`, counter: no });

const booking: TicketBooking = {
  bookingId: 'bkg_3f_1k9',
  fanName: 'Åsa Łukasiewicz',
  movieTitle: 'The Lantern Keeper',
  cinema: 'Regal Talkies',
  hall: 'Screen 2',
  startsAt: new Date('2026-12-04T15:30:00.000Z'),
  timeZone: 'Asia/Kolkata',
  locale: 'en',
  seats: [1, 2].map((no) => ({
    seat: `J-1${no}`,
    price: 24_000,
    ticketId: `tkt_1z141z3_1k9_${no}`,
    qrCode: codeOf(no),
  })),
  amount: 48_000,
  currency: 'INR',
};

/** Runs a program of the system; without it the test fails and says what to install. */
function run(program: string, debianPackage: string, args: string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`this test needs ${program}: apt-get install ${debianPackage}`);
  }
}

describe('the ticket as PDF', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'usher-ticket-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const writePdf = async (name: string, changed: Partial<TicketBooking> = {}): Promise<string> => {
    const path = join(folder, `${name}.pdf`);
    writeFileSync(path, await renderTicketPdf({ ...booking, ...changed }));
    return path;
  };
  const textOf = (path: string): string =>
    run('pdftotext', 'poppler-utils', ['-layout', path, '-']).replace(/[ \t]+/g, ' ');
  const readCodes = (image: string): string[] =>
    run('zbarimg', 'zbar-tools', ['--quiet', '--raw', image]).split('\n').filter(Boolean);

  it('has a page for each seat, whose code a scanner reads and trusts', async () => {
    const path = await writePdf('codes');
    run('pdftoppm', 'poppler-utils', ['-r', '120', '-png', path, join(folder, 'codes')]);
    const images = readdirSync(folder)
      .filter((name) => /^codes-.*\.png$/.test(name))
      .sort();
    const codes = images.flatMap((name) => readCodes(join(folder, name)));
    expect(codes).toEqual([codeOf(1), codeOf(2)]);
    const keys = new Map([['tabc123', pair.publicKey]]);
    expect(codes.map((code) => readTicketCode(keys, code).ok)).toEqual([true, true]);
  });

  it('is read by a scanner as an image too', async () => {
    const path = join(folder, 'code.png');
    writeFileSync(path, qrPng(codeOf(7)));
    expect(readCodes(path)).toEqual([codeOf(7)]);
  });

  it("says seat, name, film and the time on the cinema's own clock", async () => {
    const text = textOf(await writePdf('facts'));
    for (const word of [
      'J-11',
      'J-12',
      'Åsa',
      'Łukasiewicz',
      '21:00',
      '4 December 2026',
      '₹240.00',
    ]) {
      expect(text).toContain(word);
    }
  });

  it('speaks the language of the cinema, and English where it has no words', async () => {
    const hindi = textOf(await writePdf('hindi', { locale: 'hi-IN' }));
    for (const word of ['J-11', '21:00', '2026']) expect(hindi).toContain(word);
    expect(hindi).not.toMatch(/Cinema|Ticket|Friday|Show this code/);
    expect(hindi).toMatch(/सीट/);
    const polish = textOf(await writePdf('polish', { locale: 'pl' }));
    expect(polish).toContain('Friday, 4 December');
  });

  it('prints names of several scripts with the fonts that it ships', async () => {
    const names = ['प्रिया शर्मा', 'Ελένη Δημητρίου', 'Анна Ковальчук', 'தமிழ்'];
    for (const [no, fanName] of names.entries()) {
      expect(
        runsOf(fanName, regular)
          .map((one) => one.text)
          .join(''),
      ).toBe(fanName);
      const text = textOf(await writePdf(`script-${no}`, { fanName }));
      expect(text).toContain(fanName.slice(0, 1));
    }
  });

  it('prints any name with embedded fonts: भारत, 日本, Łódź', async () => {
    const names = [
      'भारत',
      '日本',
      'Łódź',
      '髙橋 さくら',
      '김민준',
      '欧阳娜娜',
      '周杰倫',
      '〇々（株）',
    ];
    for (const [no, fanName] of names.entries()) {
      const path = await writePdf(`name-${no}`, { fanName, seats: booking.seats.slice(0, 1) });
      const text = textOf(path);
      const own = text.split('\n').filter((line) => !line.includes('Show this code'));
      expect(own.join('\n')).not.toContain('·');
      expect(text.replace(/\s/g, '')).toContain(fanName.replace(/\s/g, ''));
      const fonts = run('pdffonts', 'poppler-utils', [path]).split('\n').slice(2).filter(Boolean);
      expect(fonts.length).toBeGreaterThan(0);
      // Columns from the right: object (two), unicode map, subset, embedded.
      for (const line of fonts) {
        expect(line.trim().split(/\s+/).slice(-5, -2)).toEqual(['yes', 'yes', 'yes']);
      }
      for (const { font, text: part } of runsOf(fanName, regular)) {
        expect([...part].filter((letter) => !covers(font.path, letter))).toEqual([]);
      }
    }
  });

  it('leaves no empty box for a letter that no font of the machine prints', () => {
    expect(
      runsOf('Ana 🎬 𐎀𐎁', regular)
        .map((one) => one.text)
        .join(''),
    ).toBe('Ana ··');
  });

  it('stays on one page per seat however long the words are', async () => {
    const long = await writePdf('long', {
      movieTitle: 'The Extraordinarily Long Title of a Film '.repeat(12),
      fanName: 'W'.repeat(300),
      cinema: 'Maharaja Electric Theatre and Moving Picture Palace '.repeat(4),
      seats: booking.seats.slice(0, 1),
    });
    expect(run('pdfinfo', 'poppler-utils', [long])).toMatch(/Pages:\s+1\n/);
  });

  it('refuses a booking without seats', async () => {
    await expect(renderTicketPdf({ ...booking, seats: [] })).rejects.toThrow('no tickets');
  });
});
