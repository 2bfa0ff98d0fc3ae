import type { Catalog } from '../../core/domain/catalog-file-types.js';

export const sampleNow = Date.now();
export const dayMs = 86_400_000;

/** One cinema, one hall of five seats, one sale that opens tomorrow and two shows. */
export function smallCatalog(change: (catalog: Catalog) => void = () => undefined): Catalog {
  const seats = ['A-1', 'A-2', 'A-3', 'B-1', 'B-2'].map((seat, seat_no) => ({
    seat_no,
    seat,
    row: seat.slice(0, 1),
    row_no: seat.startsWith('A') ? 0 : 1,
    x: Number(seat.slice(2)) - 1,
    zone: seat.startsWith('A') ? 'front' : 'back',
    kind: 'standard' as const,
  }));
  const sale = {
    standing: false,
    lobby: 'arrival' as const,
    lobby_opens_at: null,
    rate_per_minute: 600,
    pass_cap: 100,
    pass_seconds: 300,
    seat_cap: 10,
    sale_cap: null,
    card_cap: null,
    orphan_rule: 'off' as const,
    price_rules: null,
    hold_seconds: 300,
    hold_limit_seconds: 600,
    payment_seconds: 120,
    refund: null,
    booking_fee: 0,
    tax_rate_bp: 0,
    message: null,
    waitlist: null,
  };
  const show = {
    movie: 'dunes',
    hall: 'grand-1',
    sale: 'premiere',
    starts_at_relative: false,
    currency: 'INR',
    prices: { front: 20_000, back: 30_000 },
  };
  const catalog: Catalog = {
    cities: [
      {
        key: 'mumbai',
        name: 'Mumbai',
        country: 'IN',
        time_zone: 'Asia/Kolkata',
        locale: 'en',
        lat_long: [19.076, 72.8777],
      },
    ],
    cinemas: [
      {
        key: 'grand',
        name: 'Grand',
        city: 'mumbai',
        address: '1 Marine Drive',
        postal_code: '400020',
        lat_long: [18.93, 72.82],
      },
    ],
    halls: [{ key: 'grand-1', cinema: 'grand', name: 'Screen 1', zones: ['front', 'back'], seats }],
    movies: [
      {
        key: 'dunes',
        kind: 'film',
        title: 'Dunes',
        synopsis: '',
        runtime_minutes: 120,
        certificate: 'UA',
        languages: ['Hindi'],
        genres: ['Drama'],
        rating: 8.4,
        cast: [],
        poster: null,
        trailer_url: null,
      },
    ],
    sales: [
      {
        key: 'premiere',
        name: 'Premiere',
        opens_at: sampleNow + dayMs,
        opens_at_relative: false,
        ...sale,
      },
    ],
    shows: [
      { key: 'one', starts_at: sampleNow + 2 * dayMs, ...show },
      { key: 'two', starts_at: sampleNow + 3 * dayMs, ...show },
    ],
  };
  change(catalog);
  return catalog;
}
