import { countdown, instant } from '../lib/format.js';
import type { Sale } from '../lib/types.js';
import { useNow } from '../lib/use-clock.js';
import { Icon } from './icon.js';
import { Link } from './link.js';
import { Poster } from './poster.js';

const stateWords: Record<Sale['state'], string> = {
  scheduled: 'Opens soon',
  lobby: 'Lobby open',
  open: 'On sale now',
  paused: 'Paused',
  restoring: 'Back in a moment',
  sold_out: 'Sold out',
  closed: 'Closed',
};

export function StateBadge({ state }: { state: Sale['state'] }) {
  return <span class={`badge badge-${state}`}>{stateWords[state]}</span>;
}

function isBefore(state: Sale['state']): boolean {
  return state === 'lobby' || state === 'scheduled';
}

function doorWords(state: Sale['state']): string {
  if (state === 'scheduled') return 'See the sale';
  return state === 'lobby' ? 'Enter the lobby' : 'Join the line';
}

/** A premiere on the home page: what it is, how it stands, the way in. */
export function SaleCard({ sale }: { sale: Sale }) {
  const now = useNow();
  const opensMs = sale.opens_at === null ? null : Date.parse(sale.opens_at) - now;
  // The list was read once; an opening that has come since is known from the clock.
  const opened = isBefore(sale.state) && opensMs !== null && opensMs <= 0;
  const state = opened ? 'open' : sale.state;
  return (
    <li class="sale-card">
      <Poster id={sale.sale_id} title={sale.name} />
      <div class="sale-card-body">
        <StateBadge state={state} />
        <h3 class="sale-card-name">{sale.name}</h3>
        {isBefore(state) && opensMs !== null ? (
          <p class="sale-card-when">
            Opens in <b class="digits">{countdown(opensMs)}</b>
          </p>
        ) : (
          sale.opens_at !== null && (
            <p class="sale-card-when">Open since {instant(sale.opens_at)}</p>
          )
        )}
        <Link to={`/sales/${sale.sale_id}`} class="button">
          {doorWords(state)}
          <Icon name="arrow" />
        </Link>
      </div>
    </li>
  );
}
