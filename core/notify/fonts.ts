import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../runtime/paths.js';
import { covers } from './font-coverage.js';

/**
 * Which font prints which script. Latin, Greek, Cyrillic, most Indian scripts, Chinese, Japanese and
 * Korean lie in `fonts/`, so a ticket looks the same on every machine; other scripts use the
 * system's Noto where it is.
 */
export type FontFile = { name: string; path: string };

const shipped = join(packageRoot, 'core/notify/fonts');
const systemFolders = [
  '/usr/share/fonts/truetype/noto',
  '/usr/share/fonts/opentype/noto',
  '/usr/share/fonts/noto',
  '/usr/share/fonts/noto-cjk',
  '/Library/Fonts',
];

type ScriptFont = { script: RegExp; file: string };

const scripts: readonly ScriptFont[] = [
  { script: /\p{Script=Devanagari}/u, file: 'NotoSansDevanagari-Regular.ttf' },
  { script: /\p{Script=Tamil}/u, file: 'NotoSansTamil-Regular.ttf' },
  { script: /\p{Script=Telugu}/u, file: 'NotoSansTelugu-Regular.ttf' },
  { script: /\p{Script=Kannada}/u, file: 'NotoSansKannada-Regular.ttf' },
  { script: /\p{Script=Malayalam}/u, file: 'NotoSansMalayalam-Regular.ttf' },
  { script: /\p{Script=Gurmukhi}/u, file: 'NotoSansGurmukhi-Regular.ttf' },
  { script: /\p{Script=Bengali}/u, file: 'NotoSansBengali-Regular.ttf' },
  { script: /\p{Script=Gujarati}/u, file: 'NotoSansGujarati-Regular.ttf' },
  { script: /\p{Script=Arabic}/u, file: 'NotoSansArabic-Regular.ttf' },
  { script: /\p{Script=Hebrew}/u, file: 'NotoSansHebrew-Regular.ttf' },
  { script: /\p{Script=Thai}/u, file: 'NotoSansThai-Regular.ttf' },
  { script: /\p{Script=Sinhala}/u, file: 'NotoSansSinhala-Regular.ttf' },
  { script: /\p{Script=Armenian}/u, file: 'NotoSansArmenian-Regular.ttf' },
  { script: /\p{Script=Georgian}/u, file: 'NotoSansGeorgian-Regular.ttf' },
  {
    script:
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303fー・\uff01-\uff60]/u,
    file: 'NotoSansCJK-Regular.otf',
  },
];

const latin = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u;
const anyScript = /[\p{Script=Common}\p{Script=Inherited}]/u;
// Pictures, joiners and control characters have no glyph in any of the fonts.
const unprintable = /[\p{Emoji_Presentation}\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Variation_Selector}]/gu;

export const regular: FontFile = { name: 'regular', path: join(shipped, 'NotoSans-Regular.ttf') };
export const bold: FontFile = { name: 'bold', path: join(shipped, 'NotoSans-Bold.ttf') };

export type Run = { text: string; font: FontFile };

/**
 * Cuts a text into runs of one font each; spaces and signs stay with what stands before them. A
 * letter that no font on this machine has becomes `·`, never an empty box.
 */
export function runsOf(text: string, base: FontFile): Run[] {
  const runs: Run[] = [];
  const clean = text.normalize('NFC').replace(unprintable, '').replace(/\s+/gu, ' ').trim();
  for (const letter of clean) {
    const last = runs.at(-1);
    const found = fontFor(letter, last?.font, base);
    const font = found ?? base;
    const shown = found === undefined ? '·' : letter;
    if (last?.font.path === font.path) last.text += shown;
    else runs.push({ text: shown, font });
  }
  return runs;
}

/** The font that has the letter: for a sign that of the run before it, else that of its script. */
function fontFor(
  letter: string,
  before: FontFile | undefined,
  base: FontFile,
): FontFile | undefined {
  const entry = scripts.find((one) => one.script.test(letter));
  const own = entry && locate(entry);
  const common = anyScript.test(letter) ? [before, own, base] : [own];
  const fonts = latin.test(letter) ? [base] : common;
  return fonts.find((font) => font !== undefined && covers(font.path, letter));
}

const located = new Map<string, FontFile | undefined>();

function locate(entry: ScriptFont): FontFile | undefined {
  if (!located.has(entry.file)) {
    const path = [shipped, ...systemFolders]
      .map((folder) => join(folder, entry.file))
      .find((candidate) => existsSync(candidate));
    located.set(entry.file, path === undefined ? undefined : { name: entry.file, path });
  }
  return located.get(entry.file);
}
