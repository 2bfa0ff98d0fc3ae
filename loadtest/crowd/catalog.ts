/** The sale that a private run sells: its size and its pace. */
export type SaleSize = {
  saleId: string;
  shows: number;
  rows: number;
  seatsPerRow: number;
  /** Milliseconds from now until the room opens. */
  opensInMs: number;
  lobby: 'arrival' | 'draw';
  ratePerMinute: number;
  passCap: number;
  holdSeconds: number;
  standing?: boolean;
  /** Seconds that an offer to the waitlist lasts; without it a full show has no waitlist. */
  offerSeconds?: number;
};

const rowLetters = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
/** Evenings after the import; one hall has one show on each. */
const firstDay = 10;
const daysMax = 300;

/** A catalog file with one cinema and the sales; halls are shared by shows on different days. */
export function catalogOf(sizes: SaleSize[]): unknown {
  return {
    cities: [
      {
        key: 'lund',
        name: 'Lund',
        country: 'SE',
        time_zone: 'Europe/Stockholm',
        lat_long: [55.7, 13.19],
      },
    ],
    cinemas: [
      {
        key: 'kino',
        name: 'Kino',
        city: 'lund',
        address: 'Kyrkogatan 3',
        postal_code: '22222',
        lat_long: [55.7, 13.19],
      },
    ],
    halls: sizes.flatMap(hallsOf),
    movies: [
      {
        key: 'korkarlen',
        title: 'Körkarlen',
        runtime_minutes: 107,
        certificate: 'PG',
        languages: ['Swedish'],
        genres: ['Drama'],
      },
    ],
    sales: sizes.map(saleOf),
    shows: sizes.flatMap(showsOf),
  };
}

function hallKey(size: SaleSize, no: number): string {
  return `${size.saleId}-hall-${no + 1}`;
}

function hallsOf(size: SaleSize): unknown[] {
  const rows = Array.from({ length: size.rows }, (_, no) => ({
    row: rowName(no),
    zone: 'stalls',
    seats: `1-${size.seatsPerRow}`,
  }));
  return Array.from({ length: Math.ceil(size.shows / daysMax) }, (_, no) => ({
    key: hallKey(size, no),
    cinema: 'kino',
    name: `Hall ${no + 1} of ${size.saleId}`,
    layout: { rows },
  }));
}

function showsOf(size: SaleSize): unknown[] {
  return Array.from({ length: size.shows }, (_, no) => ({
    sale: size.saleId,
    hall: hallKey(size, Math.floor(no / daysMax)),
    day: firstDay + (no % daysMax),
    movie: 'korkarlen',
    time: '20:00',
    currency: 'SEK',
    prices: { stalls: 14_000 },
  }));
}

function saleOf(size: SaleSize): Record<string, unknown> {
  const common = {
    key: size.saleId,
    name: `Load ${size.saleId}`,
    hold_seconds: Math.max(30, size.holdSeconds),
    hold_limit_seconds: Math.max(60, size.holdSeconds * 2),
    ...(size.offerSeconds === undefined
      ? {}
      : { waitlist: { offer_seconds: Math.max(30, size.offerSeconds) } }),
  };
  if (size.standing) return { ...common, standing: true };
  return {
    ...common,
    lobby: size.lobby,
    opens_at: `+${Math.max(1, Math.round(size.opensInMs / 1_000))}s`,
    lobby_opens_at: '-1m',
    rate_per_minute: size.ratePerMinute,
    pass_cap: size.passCap,
  };
}

function rowName(no: number): string {
  const letter = rowLetters[no % rowLetters.length] ?? 'A';
  const round = Math.floor(no / rowLetters.length);
  return round === 0 ? letter : `${rowLetters[round - 1]}${letter}`;
}
