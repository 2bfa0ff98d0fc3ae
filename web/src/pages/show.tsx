import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import * as calls from '../lib/calls.js';
import { lastBooked, purchases } from '../lib/keep.js';
import { takeBankReturn } from '../lib/payment.js';
import { go } from '../lib/router.js';
import { useStore } from '../lib/store.js';
import type { Show } from '../lib/types.js';
import { useBooked } from '../lib/use-booked.js';
import { useNow } from '../lib/use-clock.js';
import { useLoad } from '../lib/use-load.js';
import { PageTitle } from '../parts/heading.js';
import { Link } from '../parts/link.js';
import { Ready } from '../parts/loading.js';
import { Notice } from '../parts/notice.js';
import { Poster } from '../parts/poster.js';
import { ShowLine } from '../parts/show-line.js';
import { Flow } from '../steps/flow.js';
import { Waitlist } from '../steps/waitlist.js';

export function ShowPage({ id }: { id: string }) {
  useBooked((booked) => booked.showId === id);
  const [paidShow] = useState(() => (takeBankReturn() ? id : null));
  const isOver = useStore(purchases)[id] === undefined;
  useEffect(() => {
    // The tab that paid may settle first, at any moment; then there is nothing left to pay in this one.
    if (paidShow !== id || !isOver) return;
    const last = lastBooked.get();
    go(last?.showId === id ? `/bookings/${last.bookingId}` : '/bookings', { replace: true });
  }, [id, paidShow, isOver]);
  const both = useLoad(`show ${id}`, async (signal) => {
    const show = await calls.show(id, signal);
    return { show, sale: await calls.saleOf(show, signal) };
  });
  return (
    <Ready of={both} what="the show">
      {({ show, sale }) => (
        <>
          <section class="flow-head">
            <Poster id={show.movie.movie_id} title={show.movie.title} small />
            <div>
              <p class="eyebrow">
                <Link to={`/movies/${show.movie.movie_id}`}>All showtimes</Link>
              </p>
              <PageTitle title={show.movie.title} />
              <ShowLine show={show} />
            </div>
          </section>
          {show.state === 'cancelled' ? (
            <Notice tone="bad" title="This show has been cancelled">
              <p>Seats that were paid for are refunded.</p>
            </Notice>
          ) : (
            <UntilBegun show={show} isPaying={!isOver}>
              <Waitlist sale={sale} show={show} />
              <Flow sale={sale} show={show} />
            </UntilBegun>
          )}
        </>
      )}
    </Ready>
  );
}

/** Who was paying when the show began still sees how that ends. */
function UntilBegun(props: { show: Show; isPaying: boolean; children: ComponentChildren }) {
  const hasBegun = Date.parse(props.show.starts_at) <= useNow();
  if (!hasBegun || props.isPaying) return <>{props.children}</>;
  return (
    <Notice tone="info" title="This show has begun">
      <p>Nothing more is sold for it here. Perhaps another showtime suits you.</p>
    </Notice>
  );
}
