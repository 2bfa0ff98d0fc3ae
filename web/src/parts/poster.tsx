/** A poster drawn from the title alone, for movies that come without a picture. */
export function Poster({ id, title, small }: { id: string; title: string; small?: boolean }) {
  const look = hashOf(id);
  const tone = look % 8;
  const turn = ((look >>> 3) % 40) - 20;
  const high = 26 + ((look >>> 8) % 22);
  return (
    <svg
      class={`poster poster-${tone}${small === true ? ' poster-small' : ''}`}
      viewBox="0 0 100 150"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
      focusable="false"
    >
      <rect class="poster-sky" width="100" height="150" />
      <g transform={`rotate(${turn} 50 ${high})`}>
        <path class="poster-beam" d={`M50 ${high} 8 190h84z`} />
        <path class="poster-beam" d={`M50 ${high} 30 190h40z`} />
      </g>
      <circle class="poster-light" cx="50" cy={high} r={7 + (look % 9)} />
      {shapeOf(look)}
      <text class="poster-letter" x="50" y="139" text-anchor="middle">
        {initials(title)}
      </text>
    </svg>
  );
}

function shapeOf(look: number) {
  switch ((look >>> 5) % 6) {
    case 0:
      return <path class="poster-ground" d="M0 108 22 84l16 15 24-31 38 42v40H0z" />;
    case 1:
      return <path class="poster-ground" d="M0 112q25-22 50 0t50 0v38H0z" />;
    case 2:
      return <path class="poster-ground" d="M0 150V98h14V80h16v24h14V68h18v30h16V86h22v64z" />;
    case 3:
      return <path class="poster-ground" d="M0 124h30l20-44 20 44h30v26H0z" />;
    case 4:
      return <path class="poster-ground" d="M0 92l26 30 24-22 26 26 24-40v64H0z" />;
    default:
      return <path class="poster-ground" d="M0 150v-34a50 40 0 0 1 100 0v34z" />;
  }
}

function initials(title: string): string {
  const words = title.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const letters = words.filter((word) => !/^(the|a|an|of|and)$/i.test(word)).slice(0, 3);
  return (letters.length > 0 ? letters : words)
    .map((word) => word.charAt(0).toUpperCase())
    .join('');
}

/** Spreads even ids that differ in one letter over all looks (FNV-1a with a final mixing). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 15)) >>> 0;
}
