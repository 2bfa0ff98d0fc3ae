import { asMoney, count, hallName, money, showDay, showTime } from '../lib/format.js';
import type { Place, Sale } from '../lib/types.js';
import { StepTitle } from '../parts/heading.js';
import { Link } from '../parts/link.js';
import { PassTimer } from './pass-timer.js';

/** A sale of several shows: which of them? */
export function ShowChoice({ sale, place }: { sale: Sale; place: Place | null }) {
  return (
    <section class="step">
      <StepTitle>It is your turn. Which show?</StepTitle>
      <PassTimer place={place} />
      <ul class="show-choice">
        {(sale.shows ?? []).map((show) => (
          <li key={show.show_id}>
            <Link to={`/shows/${show.show_id}`} class="panel show-row">
              <span class="show-row-when">
                <b class="digits">{showTime(show)}</b>
                <span class="quiet">{showDay(show)}</span>
              </span>
              <span class="show-row-where">
                <b>{show.cinema.name}</b>
                <span class="quiet">
                  {show.cinema.city} · {hallName(show)}
                </span>
              </span>
              <span class="show-row-end">
                {show.price_from !== null && (
                  <span>from {money(asMoney(show.price_from, show.currency))}</span>
                )}
                {show.available_seats !== null && (
                  <span class="quiet">
                    {show.available_seats === 0
                      ? 'sold out'
                      : `${count(show.available_seats)} free`}
                  </span>
                )}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
