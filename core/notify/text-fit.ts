import type PDFDocument from 'pdfkit';
import { bold, type FontFile, type Run, regular, runsOf } from './fonts.js';

type Doc = InstanceType<typeof PDFDocument>;

export type TextBox = {
  text: string;
  x: number;
  /** The baseline of the first line, in points from the top. */
  y: number;
  width: number;
  font: FontFile;
  size: number;
  /** Down to which size the text may shrink before it is cut. */
  sizeMin?: number;
  linesMax?: number;
  colour: string;
  align?: 'left' | 'right' | 'center';
};

const lineHeight = 1.16;

/**
 * Prints a text of any script inside a width: it shrinks first, then wraps, then ends in `…`.
 * Returns the baseline of the last line.
 */
export function printText(doc: Doc, box: TextBox): number {
  const { size, lines } = sizeToFit(doc, box);
  let y = box.y;
  for (const [no, line] of lines.entries()) {
    if (no > 0) y += size * lineHeight;
    const space = box.width - widthOf(doc, line, box.font, size);
    const shift = box.align === 'right' ? space : box.align === 'center' ? space / 2 : 0;
    printLine(doc, line, { ...box, x: box.x + shift, y, size });
  }
  return y;
}

function printLine(doc: Doc, line: string, box: TextBox): void {
  let { x } = box;
  doc.fillColor(box.colour);
  for (const run of runsOf(line, box.font)) {
    useFont(doc, run.font, box.size);
    const features = featuresOf(run);
    doc.text(run.text, x, box.y, { lineBreak: false, baseline: 'alphabetic', ...features });
    x += doc.widthOfString(run.text, features);
  }
}

function sizeToFit(doc: Doc, box: TextBox): { size: number; lines: string[] } {
  const sizeMin = box.sizeMin ?? box.size;
  const linesMax = box.linesMax ?? 1;
  for (let size = box.size; size > sizeMin; size -= 1) {
    const lines = wrap(doc, box, size);
    if (lines.length <= linesMax && fits(doc, lines, box, size)) return { size, lines };
  }
  const lines = wrap(doc, box, sizeMin);
  const kept = lines.slice(0, linesMax);
  const last = kept.pop() ?? '';
  const cut = cutToWidth(doc, lines.length > linesMax ? `${last} …` : last, box, sizeMin);
  return { size: sizeMin, lines: [...kept, cut] };
}

function fits(doc: Doc, lines: string[], box: TextBox, size: number): boolean {
  return lines.every((line) => widthOf(doc, line, box.font, size) <= box.width);
}

function wrap(doc: Doc, box: TextBox, size: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of box.text.split(/\s+/u).filter((one) => one !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(doc, longer, box.font, size) > box.width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function cutToWidth(doc: Doc, line: string, box: TextBox, size: number): string {
  if (widthOf(doc, line, box.font, size) <= box.width) return line;
  const letters = [...graphemes.segment(line)].map((one) => one.segment).slice(0, 200);
  while (letters.length > 0) {
    letters.pop();
    const shorter = `${letters.join('').trimEnd()}…`;
    if (widthOf(doc, shorter, box.font, size) <= box.width) return shorter;
  }
  return '…';
}

function widthOf(doc: Doc, line: string, font: FontFile, size: number): number {
  let width = 0;
  for (const run of runsOf(line, font)) {
    useFont(doc, run.font, size);
    width += doc.widthOfString(run.text, featuresOf(run));
  }
  return width;
}

function useFont(doc: Doc, font: FontFile, size: number): void {
  doc.font(font.path);
  doc.fontSize(size);
}

type Features = Parameters<Doc['widthOfString']>[1];

// Setting up the positions of accents, and of pairs of letters, is half of the work of a ticket.
// The types know only the list of features to add, the library also takes those to leave out.
const unpositioned = { features: { kern: false, mark: false, mkmk: false } } as unknown as Features;
const unmarked = { features: { mark: false, mkmk: false } } as unknown as Features;

/** Accents of their own are positioned, and so are pairs in the large letters of titles. */
function featuresOf({ text, font }: Run): Features {
  if (/\p{M}/u.test(text)) return {};
  if (font.path === regular.path) return unpositioned;
  return font.path === bold.path ? unmarked : {};
}
