/** One line of a chart; nulls leave a gap. */
export type Series = { name: string; color: string; points: { x: number; y: number | null }[] };

const width = 720;
const height = 220;
const left = 56;
const bottom = 28;
const top = 12;
const ticks = 4;

/** Draws lines over seconds as one SVG, without anything from outside. */
export function lineChart(title: string, unit: string, series: Series[]): string {
  const all = series.flatMap((one) => one.points);
  const xMax = Math.max(1, ...all.map((point) => point.x));
  const yMax = niceAbove(Math.max(1, ...all.map((point) => point.y ?? 0)));
  const x = (value: number) => left + (value / xMax) * (width - left - 12);
  const y = (value: number) => height - bottom - (value / yMax) * (height - bottom - top);
  const grid = Array.from({ length: ticks + 1 }, (_, no) => {
    const value = (yMax / ticks) * no;
    const at = y(value).toFixed(1);
    return `<line x1="${left}" x2="${width - 12}" y1="${at}" y2="${at}" class="grid"/><text x="${left - 6}" y="${Number(at) + 4}" class="tick end">${short(value)}</text>`;
  });
  const stamps = Array.from({ length: ticks + 1 }, (_, no) => {
    const value = (xMax / ticks) * no;
    return `<text x="${x(value).toFixed(1)}" y="${height - 8}" class="tick">${short(value)} s</text>`;
  });
  const lines = series.map(
    ({ color, points }) => `<path d="${pathOf(points, x, y)}" stroke="${color}" class="line"/>`,
  );
  const names = series.map(
    ({ name, color }) => `<span style="color:${color}">${escapeHtml(name)}</span>`,
  );
  return `<figure><figcaption>${escapeHtml(title)} <small>${escapeHtml(unit)}</small> ${names.join(' ')}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${grid.join('')}${stamps.join('')}${lines.join('')}</svg></figure>`;
}

function pathOf(
  points: Series['points'],
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  let pen = 'M';
  const steps: string[] = [];
  for (const point of points) {
    if (point.y === null) pen = 'M';
    else {
      steps.push(`${pen}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`);
      pen = 'L';
    }
  }
  return steps.join('');
}

export type Bar = { name: string; value: number; note: string };

/** Draws values beside each other as bars, the longest as wide as the page. */
export function barChart(title: string, bars: Bar[]): string {
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  const rows = bars.map(
    ({ name, value, note }) =>
      `<div class="bar"><b>${escapeHtml(name)}</b><i style="width:${((value / most) * 60).toFixed(2)}%"></i><span>${escapeHtml(note)}</span></div>`,
  );
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${rows.join('')}</figure>`;
}

function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 8, 10].find((one) => one * power >= value) ?? 10;
  return step * power;
}

function short(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1_000)}k`;
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}

export function escapeHtml(text: string): string {
  const named: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (char) => named[char] ?? char);
}
