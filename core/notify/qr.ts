import QRCode from 'qrcode';

/** Survives a scratched screen or a fold: 15 % of the code may be lost. */
const errorCorrectionLevel = 'M';

/** The QR code of a text as a PNG of about `px` pixels a side, with its quiet zone. */
export function qrPng(text: string, px = 480): Promise<Buffer> {
  return QRCode.toBuffer(text, { type: 'png', errorCorrectionLevel, margin: 4, width: px });
}

/** The QR code of a text as an SVG element, with its quiet zone. */
export function qrSvg(text: string): Promise<string> {
  return QRCode.toString(text, { type: 'svg', errorCorrectionLevel, margin: 4 });
}

/** The dark cells of a code as horizontal bars, in cells from the top left, without quiet zone. */
export function qrBars(text: string): {
  cells: number;
  bars: { x: number; y: number; length: number }[];
} {
  const { modules } = QRCode.create(text, { errorCorrectionLevel });
  const bars: { x: number; y: number; length: number }[] = [];
  for (let y = 0; y < modules.size; y += 1) {
    let x = 0;
    while (x < modules.size) {
      const start = x;
      while (x < modules.size && modules.get(y, x)) x += 1;
      if (x > start) bars.push({ x: start, y, length: x - start });
      else x += 1;
    }
  }
  return { cells: modules.size, bars };
}
