import { readFileSync } from 'node:fs';

/** Code points from `first` to `last` have glyphs. */
type Span = { first: number; last: number };

const spansOf = new Map<string, Span[]>();

/** True when the font file at `path` has a glyph for a letter; each file is read once. */
export function covers(path: string, letter: string): boolean {
  let spans = spansOf.get(path);
  if (!spans) {
    spans = readSpans(readFileSync(path));
    spansOf.set(path, spans);
  }
  const point = letter.codePointAt(0) ?? 0;
  let [low, high] = [0, spans.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (!span) return false;
    if (point < span.first) high = middle - 1;
    else if (point > span.last) low = middle + 1;
    else return true;
  }
  return false;
}

/** The spans of a font's character map, ascending. @throws Error for a file that is no font. */
function readSpans(font: Buffer): Span[] {
  const map = tableAt(font, 'cmap');
  const subtables = Array.from({ length: font.readUInt16BE(map + 2) }, (_, no) => {
    const at = map + font.readUInt32BE(map + 8 + no * 8);
    return { at, format: font.readUInt16BE(at) };
  });
  const whole = subtables.find(({ format }) => format === 12);
  if (whole) return wideSpans(font, whole.at);
  const basic = subtables.find(({ format }) => format === 4);
  if (basic) return basicSpans(font, basic.at);
  throw new Error('a font has no character map that is understood');
}

function tableAt(font: Buffer, tag: string): number {
  for (let no = 0; no < font.readUInt16BE(4); no += 1) {
    const record = 12 + no * 16;
    if (font.toString('latin1', record, record + 4) === tag) return font.readUInt32BE(record + 8);
  }
  throw new Error(`a font has no table ${tag}`);
}

/** Format 12: groups of first, last and first glyph, four bytes each. */
function wideSpans(font: Buffer, at: number): Span[] {
  return Array.from({ length: font.readUInt32BE(at + 12) }, (_, no) => {
    const group = at + 16 + no * 12;
    return { first: font.readUInt32BE(group), last: font.readUInt32BE(group + 4) };
  });
}

/** Format 4: arrays of last and first code points; the last segment stands for nothing. */
function basicSpans(font: Buffer, at: number): Span[] {
  const bytes = font.readUInt16BE(at + 6);
  return Array.from({ length: bytes / 2 - 1 }, (_, no) => {
    const last = at + 14 + no * 2;
    return { first: font.readUInt16BE(last + bytes + 2), last: font.readUInt16BE(last) };
  });
}
