import * as calls from '../lib/calls.js';
import { purchases } from '../lib/keep.js';
import { useStore } from '../lib/store.js';
import type { Sale } from '../lib/types.js';
import { useBooked } from '../lib/use-booked.js';
import { useLoad } from '../lib/use-load.js';
import { PageTitle } from '../parts/heading.js';
import { Ready } from '../parts/loading.js';
import { Poster } from '../parts/poster.js';
import { ShowLine } from '../parts/show-line.js';
import { Flow } from '../steps/flow.js';

export function SalePage({ id }: { id: string }) {
  const sale = useLoad(`sale ${id}`, (signal) => calls.sale(id, signal));
  return (
    <Ready of={sale} what="the premiere">
      {(found) => <SaleFlow sale={found} />}
    </Ready>
  );
}

function SaleFlow({ sale }: { sale: Sale }) {
  useBooked((booked) => booked.saleId === sale.sale_id);
  const shows = sale.shows ?? [];
  const begun = Object.values(useStore(purchases)).find((each) => each.saleId === sale.sale_id);
  const only = shows.length === 1 ? shows[0] : shows.find((show) => show.show_id === begun?.showId);
  return (
    <>
      <section class="flow-head">
        <Poster id={sale.sale_id} title={sale.name} small />
        <div>
          <p class="eyebrow">Premiere</p>
          <PageTitle title={sale.name} />
          {only !== undefined ? (
            <ShowLine show={only} />
          ) : (
            <p class="facts">
              {shows.length === 0 ? 'Shows to be announced' : `${shows.length} shows`} · up to{' '}
              {sale.seat_cap} seats each
            </p>
          )}
        </div>
      </section>
      <Flow sale={sale} show={only ?? null} />
    </>
  );
}
