import { useState } from 'preact/hooks';
import * as calls from '../lib/calls.js';
import { asMoney, count, money, showDay, showTime } from '../lib/format.js';
import { chosenCity } from '../lib/keep.js';
import { useStore } from '../lib/store.js';
import type { Movie, Show } from '../lib/types.js';
import { useLoad } from '../lib/use-load.js';
import { PageTitle } from '../parts/heading.js';
import { Link } from '../parts/link.js';
import { Ready } from '../parts/loading.js';
import { Poster } from '../parts/poster.js';

export function MoviePage({ id }: { id: string }) {
  const movie = useLoad(`movie ${id}`, (signal) => calls.movie(id, signal));
  return (
    <Ready of={movie} what="the film">
      {(found) => (
        <>
          <MovieHead movie={found} />
          <Showtimes movieId={id} />
        </>
      )}
    </Ready>
  );
}

function MovieHead({ movie }: { movie: Movie }) {
  const facts = [
    movie.certificate,
    movie.runtime_minutes ? `${movie.runtime_minutes} min` : null,
    movie.languages?.join(', '),
    movie.genres?.join(', '),
  ];
  return (
    <section class="movie-head">
      <Poster id={movie.movie_id} title={movie.title} />
      <div>
        <PageTitle title={movie.title} />
        <p class="facts">{facts.filter(Boolean).join(' · ')}</p>
        {movie.rating != null && (
          <p class="rating">
            <b class="digits">{movie.rating.toFixed(1)}</b> <span class="quiet">out of 10</span>
          </p>
        )}
        {movie.synopsis && <p class="lead">{movie.synopsis}</p>}
        {(movie.cast?.length ?? 0) > 0 && <p class="quiet">With {movie.cast?.join(', ')}</p>}
      </div>
    </section>
  );
}

function Showtimes({ movieId }: { movieId: string }) {
  const shows = useLoad(`shows ${movieId}`, (signal) => calls.movieShows(movieId, signal));
  const city = useStore(chosenCity);
  return (
    <section class="block" aria-labelledby="times">
      <Ready of={shows} what="showtimes">
        {(all) => <ShowtimesIn shows={all} city={city} />}
      </Ready>
    </section>
  );
}

function ShowtimesIn({ shows, city }: { shows: Show[]; city: string | null }) {
  const cities = [...new Set(shows.map((show) => show.cinema.city))].sort();
  const here = city !== null && cities.includes(city) ? city : (cities[0] ?? null);
  const local = shows
    .filter((show) => show.cinema.city === here)
    .sort((a, b) => a.starts_at.localeCompare(b.starts_at));
  const days = [...new Set(local.map(showDay))];
  const [chosenDay, setDay] = useState<string | null>(null);
  const day = chosenDay !== null && days.includes(chosenDay) ? chosenDay : days[0];
  const today = local.filter((show) => showDay(show) === day);
  if (here === null) return <p class="empty">No showtimes at the moment.</p>;
  return (
    <>
      <div class="block-head">
        <h2 id="times" class="block-title">
          Showtimes in {here}
        </h2>
        {cities.length > 1 && (
          <label class="city">
            <span class="unseen">City</span>
            <select value={here} onChange={(event) => chosenCity.set(event.currentTarget.value)}>
              {cities.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
      </div>
      <fieldset class="days">
        <legend class="unseen">Day</legend>
        {days.map((each) => (
          <label key={each} class="chip">
            <input type="radio" name="day" checked={each === day} onChange={() => setDay(each)} />
            <span>{each}</span>
          </label>
        ))}
      </fieldset>
      <Cinemas shows={today} />
    </>
  );
}

function Cinemas({ shows }: { shows: Show[] }) {
  const cinemas = new Map<string, Show[]>();
  for (const show of shows) {
    const { cinema_id } = show.cinema;
    cinemas.set(cinema_id, [...(cinemas.get(cinema_id) ?? []), show]);
  }
  return (
    <ul class="cinemas">
      {[...cinemas.values()].map((list) => (
        <li key={list[0]?.cinema.cinema_id} class="panel cinema">
          <h3>{list[0]?.cinema.name}</h3>
          <ul class="times">
            {list.map((show) => (
              <li key={show.show_id}>
                <Time show={show} />
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Time({ show }: { show: Show }) {
  const left = show.available_seats;
  const hint = left === 0 ? 'sold out' : left !== null && left < 20 ? `${count(left)} left` : null;
  const price = show.price_from;
  const words = hint ?? (price === null ? '' : `from ${money(asMoney(price, show.currency))}`);
  return (
    <Link to={`/shows/${show.show_id}`} class={`time${left === 0 ? ' time-gone' : ''}`}>
      <b class="digits">{showTime(show)}</b>
      <span>{words}</span>
    </Link>
  );
}
