import type { MessageKind } from '../domain/messages.js';
import { escapeHtml, fillTemplate, type TemplateValues } from './template.js';
import { languageOf } from './wording.js';

/** A message in words: `short` is for SMS and push, where there is room for a line. */
export type MessageText = { subject: string; short: string; text: string; html: string };

/** Cards below the words of the page, such as the code of each seat. */
export type MessageCard = { title: string; line: string; small: string; cid: string };

const headLine = /^(Subject|Short): (.+)$/;

/**
 * Puts a kind's template into words. Its file begins with the lines `Subject:` and `Short:`; then
 * come paragraphs. Lines that begin with two spaces are facts, a paragraph that ends in a bare
 * address is a button. Text and page come from one file, so they never disagree.
 */
export function renderMessage(
  kind: MessageKind,
  locale: string,
  values: TemplateValues,
  cards: MessageCard[] = [],
): MessageText {
  const language = languageOf(locale);
  const lines = fillTemplate(`${language}/${kind}.txt`, plain(values)).split('\n');
  const heads = new Map<string, string>();
  while (lines[0] !== undefined && headLine.test(lines[0])) {
    const [, name = '', value = ''] = headLine.exec(lines.shift() ?? '') ?? [];
    heads.set(name, value);
  }
  const text = `${lines.join('\n').trim()}\n`;
  const subject = heads.get('Subject');
  const short = heads.get('Short');
  if (!subject || !short) throw new Error(`the template ${kind} has no Subject or no Short`);
  const html = fillTemplate('layout.html', {
    language,
    subject,
    short,
    cards: cards.map((card) => ({ ...card })),
  }).replace('<!-- words -->', () => pageOf(text));
  return { subject, short, text, html };
}

/** A line break in a name must not begin a new paragraph or head. */
function plain(values: TemplateValues): TemplateValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(/\s+/g, ' ') : value.map(plain),
    ]),
  );
}

const button = /^(.+): (https?:\/\/\S+)$/;

function pageOf(text: string): string {
  return text
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => {
      const lines = paragraph.split('\n');
      if (lines.every((line) => line.startsWith('  '))) {
        return `<p class="facts">${lines.map((line) => escapeHtml(line.trim())).join('<br>')}</p>`;
      }
      const [, label, url] = button.exec(lines.join(' ')) ?? [];
      if (label !== undefined && url !== undefined) {
        return `<p><a class="button" href="${escapeHtml(url)}">${escapeHtml(label)}</a></p>`;
      }
      return `<p>${escapeHtml(lines.join(' '))}</p>`;
    })
    .join('\n');
}
