import { escapeHtml } from './chart.js';

const style = `
  :root { color-scheme: light dark; --line: #8886; --good: #1a7f4b; --bad: #b3261e; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 780px; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
  .verdict { font-weight: 600; padding: .6rem .9rem; border-radius: 6px; color: #fff; background: var(--good); }
  .verdict.bad { background: var(--bad); }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); }
  td.n, th.n { text-align: right; } .muted { opacity: .7; }
  figure { margin: 1rem 0 1.5rem; } figcaption { font-weight: 600; } figcaption span { margin-left: .8em; }
  svg { width: 100%; height: auto; } .grid { stroke: var(--line); stroke-width: .5; }
  .line { fill: none; stroke-width: 1.6; } .tick { font-size: 11px; fill: currentColor; text-anchor: middle; }
  .tick.end { text-anchor: end; } .tick { opacity: .75; }
  .bar { display: flex; align-items: center; gap: .6rem; margin: .3rem 0; }
  .bar b { width: 26%; font-weight: 500; } .bar i { background: #3a6ea5; height: 1.1rem; border-radius: 3px; min-width: 2px; }
`;

export type Cell = string | number;
export type PageTable = { head: string[]; rows: Cell[][] };

/** A whole page in one file: no script, no font, no picture from elsewhere. */
export function htmlPage(page: { title: string; about: string; parts: string[] }): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title><style>${style}</style></head>
<body><h1>${escapeHtml(page.title)}</h1><p class="muted">${escapeHtml(page.about)}</p>
${page.parts.join('\n')}
</body></html>
`;
}

export function verdictPart(good: boolean, text: string): string {
  return `<p class="verdict${good ? '' : ' bad'}">${escapeHtml(text)}</p>`;
}

export function headingPart(text: string): string {
  return `<h2>${escapeHtml(text)}</h2>`;
}

export function tablePart({ head, rows }: PageTable): string {
  const cell = (tag: string) => (value: Cell) =>
    `<${tag}${typeof value === 'number' ? ' class="n"' : ''}>${escapeHtml(cellText(value))}</${tag}>`;
  const line = (tag: string, cells: Cell[]) => `<tr>${cells.map(cell(tag)).join('')}</tr>`;
  return `<table>${line('th', head)}${rows.map((row) => line('td', row)).join('')}</table>`;
}

function cellText(value: Cell): string {
  if (typeof value === 'string') return value;
  return value >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(1);
}
