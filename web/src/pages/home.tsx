import { useEffect } from 'preact/hooks';
import * as calls from '../lib/calls.js';
import { chosenCity } from '../lib/keep.js';
import { useStore } from '../lib/store.js';
import type { City, Movie, Sale } from '../lib/types.js';
import { useLoad } from '../lib/use-load.js';
import { HallArt } from '../parts/hall-art.js';
import { PageTitle } from '../parts/heading.js';
import { Icon } from '../parts/icon.js';
import { Link } from '../parts/link.js';
import { Ready } from '../parts/loading.js';
import { Poster } from '../parts/poster.js';
import { SaleCard } from '../parts/sale-card.js';

const featured = new Set(['scheduled', 'lobby', 'open', 'paused', 'restoring']);
const saleOrder = ['open', 'restoring', 'paused', 'lobby', 'scheduled'];

export function Home() {
  const sales = useLoad('sales', calls.sales);
  const premieres =
    sales.kind === 'ready'
      ? sales.value
          .filter((sale) => featured.has(sale.state) && !sale.standing && hasSeats(sale))
          .sort((a, b) => saleOrder.indexOf(a.state) - saleOrder.indexOf(b.state))
      : [];
  return (
    <>
      <section class="hero">
        <div class="hero-words">
          <PageTitle title="Now showing">
            Your seat,
            <br />
            <em>in order.</em>
          </PageTitle>
          <p class="lead">
            Join the line and watch it move. Choose your seats on a live map. Nobody jumps ahead,
            and no seat is sold twice.
          </p>
        </div>
        <HallArt />
      </section>
      {sales.kind === 'failed' && (
        <section class="block" aria-label="Premieres">
          <Ready of={sales} what="premieres">
            {() => null}
          </Ready>
        </section>
      )}
      {premieres.length > 0 && (
        <section class="block" aria-labelledby="premieres">
          <h2 id="premieres" class="block-title">
            Premieres
          </h2>
          <ul class="sale-cards">
            {premieres.map((sale) => (
              <SaleCard key={sale.sale_id} sale={sale} />
            ))}
          </ul>
        </section>
      )}
      <NowShowing />
    </>
  );
}

/** An open sale may have no shows yet: nobody should wait in its line. */
function hasSeats(sale: Sale): boolean {
  return sale.state !== 'open' || sale.seats_left !== 0;
}

/** A city on the browser's own clock is the likeliest guess for somebody who has not chosen yet. */
function nearCity(cities: City[]): string | null {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (cities.find((city) => city.time_zone === zone) ?? cities[0])?.name ?? null;
}

function NowShowing() {
  const kept = useStore(chosenCity);
  const cities = useLoad('cities', calls.cities);
  const known = cities.kind === 'ready' ? cities.value.map((each) => each.name) : [];
  const near = cities.kind === 'ready' ? nearCity(cities.value) : null;
  const city = kept !== null && known.includes(kept) ? kept : near;
  const movies = useLoad(city, (signal) => calls.movies(city, signal));
  useEffect(() => {
    if (city !== null && kept === null) chosenCity.set(city);
  }, [city, kept]);
  return (
    <section class="block" aria-labelledby="showing">
      <div class="block-head">
        <h2 id="showing" class="block-title">
          Now showing
        </h2>
        {city !== null && <CityChoice cities={known} city={city} />}
      </div>
      {cities.kind === 'failed' ? (
        <Ready of={cities} what="cities">
          {() => null}
        </Ready>
      ) : (
        <Ready of={movies} what="films">
          {(all) =>
            all.length === 0 ? (
              <p class="empty">No films in {city} at the moment. Try another city.</p>
            ) : (
              <ul class="movie-cards">
                {all.map((movie) => (
                  <MovieCard key={movie.movie_id} movie={movie} />
                ))}
              </ul>
            )
          }
        </Ready>
      )}
    </section>
  );
}

function CityChoice({ cities, city }: { cities: string[]; city: string }) {
  return (
    <label class="city">
      <Icon name="pin" />
      <span class="unseen">City</span>
      <select value={city} onChange={(event) => chosenCity.set(event.currentTarget.value)}>
        {cities.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function MovieCard({ movie }: { movie: Movie }) {
  const facts = [movie.certificate, movie.runtime_minutes ? `${movie.runtime_minutes} min` : null];
  return (
    <li>
      <Link to={`/movies/${movie.movie_id}`} class="movie-card">
        <Poster id={movie.movie_id} title={movie.title} />
        <span class="movie-card-title">{movie.title}</span>
        <span class="movie-card-facts">{facts.filter(Boolean).join(' · ')}</span>
        {(movie.genres?.length ?? 0) > 0 && (
          <span class="movie-card-facts">{movie.genres?.slice(0, 2).join(', ')}</span>
        )}
      </Link>
    </li>
  );
}
