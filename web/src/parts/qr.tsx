import { useMemo } from 'preact/hooks';
import { create } from 'qrcode';

const quietZone = 4;

/** A QR code drawn as one SVG path, dark on light as scanners like it. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawn(text), [text]);
  const edge = size + 2 * quietZone;
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${edge} ${edge}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={edge} height={edge} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function drawn(text: string): { size: number; path: string } {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const parts: string[] = [];
  for (let y = 0; y < modules.size; y += 1) {
    for (let x = 0; x < modules.size; x += 1) {
      if (modules.get(y, x)) parts.push(`M${x + quietZone} ${y + quietZone}h1v1h-1z`);
    }
  }
  return { size: modules.size, path: parts.join('') };
}
