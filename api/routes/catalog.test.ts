import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { importCatalog } from '../../core/store/catalog/import.js';
import { readPremiere } from '../../test/support/premiere.js';
import { serveRoutes, type TestApi } from '../../test/support/routes.js';
import { openTestStores, type TestStores } from '../../test/support/stores.js';
import { until } from '../../test/support/until.js';
import { browseRoutes } from './browse.js';
import { searchRoutes } from './search.js';
import { showRoutes } from './shows.js';
import { importPart } from './staff-sales.js';

type Row = Record<string, unknown> & {
  movie: { movie_id: string; title: string };
  cinema: { cinema_id: string; name: string; city: string };
};

describe('the public catalog', () => {
  let stores: TestStores;
  let api: TestApi;
  const get = async (path: string) => (await api.call(`/api/v1${path}`)).body;
  const results = async (path: string) => (await get(path)).results as Row[];

  beforeAll(async () => {
    stores = await openTestStores();
    api = await serveRoutes(stores, (deps) => [
      ...browseRoutes(deps),
      ...searchRoutes(deps),
      ...showRoutes(deps),
    ]);
    const report = await importCatalog(
      { ...stores, secrets: api.deps.secrets },
      await readPremiere(stores),
      { actor: 'tester' },
    );
    if (!report.ok) throw new Error(JSON.stringify(report.faults));
  });
  afterAll(async () => {
    await api.close();
    await stores.close();
  });

  it('takes no show by hand that has begun, or that meets another in its hall', async () => {
    const [row] = await stores.catalog.rows<Record<string, string> & { starts_at: Date }>(
      `SELECT sale_id AS sale, movie_id AS movie, hall_id AS hall, currency, prices, starts_at
       FROM shows WHERE starts_at > NOW(3) ORDER BY show_id LIMIT 1`,
    );
    if (!row) throw new Error('no show in the catalog');
    const { prices = '', starts_at, ...show } = row;
    const make = (at: Date) => {
      const by = { key: 'by-hand', starts_at: at.toISOString(), prices: JSON.parse(prices) };
      return importPart(api.deps, { shows: [{ ...show, ...by }] }, 'tester');
    };
    const past = { message: 'starts_at has passed: name a time to come.' };
    await expect(make(new Date(0))).rejects.toMatchObject(past);
    const clash = { message: expect.stringMatching(/^show by-hand clashes in hall /) };
    await expect(make(starts_at)).rejects.toMatchObject(clash);
    expect(await stores.catalog.rows("SELECT 1 FROM shows WHERE show_key = 'by-hand'")).toEqual([]);
  });

  it('leads from a city over a movie and a cinema to a showtime', async () => {
    const cities = await results('/cities');
    expect(cities.length).toBeGreaterThanOrEqual(12);
    expect(cities[0]).toEqual({
      city_id: expect.any(String),
      name: expect.any(String),
      country: expect.stringMatching(/^[A-Z]{2}$/),
      time_zone: expect.any(String),
      lat_long: [expect.any(Number), expect.any(Number)],
    });
    const movies = await results('/movies?city=mumbai');
    expect(movies.length).toBeGreaterThan(0);
    const shows = await results(`/movies/${String(movies[0]?.movie_id)}/shows?city=MUMBAI`);
    const [show] = shows;
    expect(show).toEqual({
      show_id: expect.stringMatching(/^\d+$/),
      sale_id: expect.any(String),
      state: 'active',
      movie: { movie_id: movies[0]?.movie_id, title: movies[0]?.title },
      cinema: {
        cinema_id: expect.any(String),
        name: expect.any(String),
        city: 'Mumbai',
        time_zone: 'Asia/Kolkata',
      },
      hall: expect.any(String),
      starts_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      available_seats: expect.any(Number),
      price_from: expect.any(Number),
      currency: 'INR',
    });
    const cinema = await get(`/cinemas/${show?.cinema.cinema_id}`);
    expect(cinema).toMatchObject({ name: show?.cinema.name, postal_code: expect.any(String) });
    expect(await get(`/shows/${String(show?.show_id)}`)).toEqual(show);
    const sale = await get(`/sales/${String(show?.sale_id)}`);
    expect(sale).toMatchObject({ sale_id: show?.sale_id, shows: expect.any(Array) });
  });

  it('gives every show once over all pages, by start', async () => {
    const [cinema] = await results('/cinemas');
    const seen: Row[] = [];
    let cursor: unknown = null;
    do {
      const more = cursor === null ? '' : `&cursor=${String(cursor)}`;
      const page = await get(`/cinemas/${String(cinema?.cinema_id)}/shows?limit=3${more}`);
      seen.push(...(page.results as Row[]));
      cursor = page.next_cursor;
    } while (cursor !== null);
    const whole = await results(`/cinemas/${String(cinema?.cinema_id)}/shows`);
    expect(seen).toEqual(whole);
    const starts = whole.map((show) => String(show.starts_at));
    expect(starts).toEqual([...starts].sort());
  });

  it('orders cinemas by distance from a place', async () => {
    const near = await results('/cinemas?lat_long=19.076,72.8777&limit=10');
    const distances = near.map((cinema) => Number(cinema.distance_km));
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    expect(near[0]).toMatchObject({ city: 'Mumbai' });
    const code = encodeURIComponent(String(near[0]?.postal_code));
    expect((await results(`/cinemas?postal_code=${code}`)).length).toBeGreaterThan(0);
  });

  it('tells the state of each sale', async () => {
    const sales = await results('/sales');
    const open = sales.find((sale) => sale.sale_id === 'interstellar-70mm');
    expect(open).toMatchObject({ state: 'open', standing: false, lobby: 'arrival' });
    expect(open?.refund).toEqual({ until_hours_before: 24, fee_percent: 10 });
    const standing = sales.find((sale) => sale.sale_id === 'mumbai-box-office');
    expect(standing).toMatchObject({ state: 'open', standing: true });
  });

  it('answers 404 and 400 for what is not there and what is malformed', async () => {
    for (const path of [
      '/movies/none',
      '/cinemas/none/shows',
      '/sales/none',
      '/shows/0',
      '/shows/99999999/seats',
    ]) {
      expect((await api.call(`/api/v1${path}`)).status).toBe(404);
    }
    for (const path of [
      '/cities?limit=101',
      '/cities?cursor=nonsense',
      '/cinemas?lat_long=91,0',
      '/cities?town=x',
      '/search?radius_km=5',
      '/search?sort=distance',
      '/search?date=2026-02-30',
    ]) {
      expect((await api.call(`/api/v1${path}`)).status).toBe(400);
    }
  });

  it('finds shows by words of the movie, the cinema and the city, mistyped too', async () => {
    const [movie] = await results('/movies?city=mumbai');
    const title = String(movie?.title);
    const word = title.split(/\W+/).find((part) => part.length > 4) ?? title;
    const typo = `${word.slice(0, 2)}${word.slice(3)}`;
    for (const keyword of [word, word.slice(0, 4), typo, `${word} mumbai`]) {
      const hits = await results(`/search?keyword=${encodeURIComponent(keyword)}`);
      expect(hits.map((hit) => hit.movie.title)).toContain(title);
    }
    const inCity = await results(`/search?keyword=${encodeURIComponent(`${word} mumbai`)}`);
    expect(new Set(inCity.map((hit) => hit.cinema.city))).toEqual(new Set(['Mumbai']));
    expect(await results('/search?keyword=zzzzqqqq')).toEqual([]);
    expect(await results('/search?keyword=%25_%22')).toEqual([]);
    const { results: suggested } = await get(`/search/suggest?q=${word.slice(0, 4)}`);
    expect(suggested).toContainEqual({ kind: 'movie', id: movie?.movie_id, text: title });
  });

  it('filters by the local day and sorts by rating and distance', async () => {
    const [first] = await results('/search?city=mumbai&sort=showtime');
    const local = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' });
    const day = local.format(new Date(String(first?.starts_at)));
    const onDay = await results(`/search?city=mumbai&date=${day}&sort=rating`);
    expect(onDay.length).toBeGreaterThan(0);
    for (const hit of onDay) {
      expect(local.format(new Date(String(hit.starts_at)))).toBe(day);
      expect(hit.cinema.city).toBe('Mumbai');
    }
    const ratings = onDay.map((hit) => (hit.movie as unknown as { rating: number }).rating);
    expect(ratings).toEqual([...ratings].sort((a, b) => b - a));
    const near = await results('/search?lat_long=19.076,72.8777&radius_km=60&sort=distance');
    expect(near.length).toBeGreaterThan(0);
    expect(Math.max(...near.map((hit) => Number(hit.distance_km)))).toBeLessThanOrEqual(60);
  });

  it('sends a seat map once per version, as JSON and as two bits a seat', async () => {
    const [show] = await results('/search?sort=showtime');
    const path = `/api/v1/shows/${String(show?.show_id)}/seats`;
    const showId = Number(show?.show_id);
    const shard = await stores.shards.forShow(showId);
    const states = ['HELD', 'BOOKED', 'BLOCKED'];
    for (const [index, state] of states.entries()) {
      await shard.change(
        'UPDATE show_seat SET state = ?, reservation_id = ? WHERE show_id = ? AND seat_no = ?',
        [state, state === 'BLOCKED' ? null : 7, showId, index + 1],
      );
    }
    const map = await api.call(path);
    const seats = (map.body.rows as { seats: Record<string, unknown>[] }[]).flatMap((r) => r.seats);
    expect(seats.slice(0, 5).map((seat) => seat.state)).toEqual([
      ...['free', 'held', 'booked', 'closed', 'free'],
    ]);
    expect(seats[0]).toMatchObject({
      price: { amount: expect.any(Number), currency: show?.currency },
    });
    expect(map.headers.get('etag')).toBe(`"${showId}-0"`);
    const etag = map.headers.get('etag') ?? '';
    const same = await api.call(path, { headers: { 'if-none-match': etag } });
    expect([same.status, same.bytes.length]).toEqual([304, 0]);
    const accept = { accept: 'application/octet-stream' };
    const bits = await api.call(path, { headers: accept });
    expect(bits.headers.get('usher-version')).toBe('0');
    expect(bits.bytes.length).toBe(Math.ceil(seats.length / 4));
    expect(bits.bytes[0]).toBe(0b11_10_01_00);
    await shard.change('UPDATE show_head SET version = 1 WHERE show_id = ?', [showId]);
    await shard.change(
      "UPDATE show_seat SET state = 'FREE', reservation_id = NULL WHERE show_id = ?",
      [showId],
    );
    await until(
      async () => {
        const fresh = await api.call(path, { headers: { 'if-none-match': etag } });
        return fresh.status === 200 && fresh.body.version === 1;
      },
      { what: 'the map of the new version' },
    );
    const free = await api.call(path, { headers: accept });
    expect(free.bytes.every((byte) => byte === 0)).toBe(true);
  });
});
