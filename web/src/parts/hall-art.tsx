const rows = [9, 11, 13, 15, 17];
/** Which seats are taken in the drawing, as `row,seat`, and the two that light up. */
const taken = new Set(['0,2', '1,8', '1,9', '2,3', '2,4', '2,5', '3,11', '4,1', '4,2', '4,13']);
const lit = new Set(['3,7', '3,8']);

/** A hall seen from the back row: the screen, its light on the seats, and two seats that are yours. */
export function HallArt() {
  return (
    <svg class="hall-art" viewBox="0 0 480 320" aria-hidden="true" focusable="false">
      <defs>
        <linearGradient id="hall-light" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stop-color="#fff0cf" stop-opacity="0.42" />
          <stop offset="1" stop-color="#ffc45c" stop-opacity="0" />
        </linearGradient>
      </defs>
      <path d="M120 62h240l116 258H4z" fill="url(#hall-light)" />
      <path class="hall-art-screen" d="M116 34q124-16 248 0v26q-124-14-248 0z" />
      {rows.map((count, row) =>
        Array.from({ length: count }, (_, seat) => {
          const at = `${row},${seat}`;
          const place = seatAt(row, seat - (count - 1) / 2);
          const look = lit.has(at) ? 'lit' : taken.has(at) ? 'taken' : 'free';
          return <rect key={at} class={`hall-art-${look}`} {...place} />;
        }),
      )}
    </svg>
  );
}

/** Rows further back are nearer to the eye: larger, wider apart, and bent round the screen. */
function seatAt(row: number, fromMiddle: number) {
  const size = 13 + row * 2.1;
  const x = 240 + fromMiddle * (size * 1.32) - size / 2;
  const y = 118 + row * (28 + row * 2.4) + fromMiddle ** 2 * 0.22;
  return { x, y, width: size, height: size, rx: size * 0.3 };
}
