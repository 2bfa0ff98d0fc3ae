import { useEffect, useState } from 'preact/hooks';
import { announce } from '../lib/announce.js';
import * as calls from '../lib/calls.js';
import { listed, seatWords } from '../lib/format.js';
import { dropPurchase, purchases, session } from '../lib/keep.js';
import { reserve } from '../lib/purchase.js';
import { go } from '../lib/router.js';
import { allSeats } from '../lib/seat-model.js';
import { selectionOf } from '../lib/selection.js';
import { useStore } from '../lib/store.js';
import type { Place, ReserveBody, Room, Sale, SeatMap, Show } from '../lib/types.js';
import { useSeats } from '../lib/use-seats.js';
import { StepTitle } from '../parts/heading.js';
import { Notice, Refusal } from '../parts/notice.js';
import { Chosen } from '../seats/chosen.js';
import { Legend } from '../seats/legend.js';
import { Picker } from '../seats/picker.js';
import { SeatList } from '../seats/seat-list.js';
import { SeatMapView } from '../seats/seat-map.js';
import { PassTimer } from './pass-timer.js';

interface Props {
  sale: Sale;
  show: Show;
  place: Place | null;
  room: Room | null;
}

/** Choosing seats: on the live map, in a list, or by leaving it to Usher. */
export function Choose({ sale, show, place, room }: Props) {
  const { map, failed, reload } = useSeats(show.show_id);
  const selection = selectionOf(show.show_id);
  const chosen = useStore(selection);
  const fan = useStore(session);
  const [code, setCode] = useState('');
  const [view, setView] = useState<'map' | 'list'>('map');
  const lost = useLostSeats(map, show.show_id);

  const toggle = (seat: string): void => {
    if (chosen.includes(seat)) selection.set(chosen.filter((each) => each !== seat));
    else if (chosen.length < sale.seat_cap) selection.set([...chosen, seat]);
    else announce(`You can choose up to ${sale.seat_cap} seats.`, true);
  };
  const ask = (body: ReserveBody): void => {
    if (fan === null) {
      go(`/login?next=${encodeURIComponent(`/shows/${show.show_id}`)}`);
      return;
    }
    selection.set([]);
    const typed = code.trim();
    void reserve(sale.sale_id, typed === '' ? body : { ...body, code: typed });
  };
  return (
    <section class="step choose">
      <div class="choose-head">
        <StepTitle quiet={place?.place == null}>
          {place?.state === 'admitted' && place.place !== null
            ? 'It is your turn. Choose your seats'
            : 'Choose your seats'}
        </StepTitle>
        {place?.place != null && (
          <PassTimer
            place={place}
            onOver={() => void calls.place(sale.sale_id).catch(() => undefined)}
          />
        )}
      </div>
      <Refused showId={show.show_id} onTake={(seats) => ask({ show_id: show.show_id, seats })} />
      {room?.state === 'sold_out' && (
        <Notice tone="warn" title="No seats are free at the moment">
          <p>Seats that are not paid for in time appear on the map at once.</p>
        </Notice>
      )}
      {lost.length > 0 && (
        <Notice tone="warn" title={`${listed(lost)} just went to somebody else`}>
          <p>Nothing is yours until you hold it. Choose another, or let Usher pick.</p>
        </Notice>
      )}
      {map === null ? (
        <p class="loading" role="status">
          {failed ? 'The seat map could not be loaded. We keep trying…' : 'Loading the seat map…'}
        </p>
      ) : (
        <div class="choose-columns">
          <div class="choose-map">
            <ViewSwitch view={view} onChange={setView} />
            {view === 'map' ? (
              <SeatMapView map={map} chosen={chosen} onToggle={toggle} />
            ) : (
              <SeatList map={map} chosen={chosen} onToggle={toggle} />
            )}
            <Legend map={map} />
          </div>
          <div class="choose-side">
            <Chosen
              map={map}
              chosen={chosen}
              cap={sale.seat_cap}
              fee={sale.booking_fee ?? 0}
              onToggle={toggle}
              onHold={() => ask({ show_id: show.show_id, seats: inOrder(map, chosen) })}
            />
            <Picker
              map={map}
              cap={sale.seat_cap}
              onPick={(wish) => ask({ show_id: show.show_id, ...wish })}
            />
            <CodeField code={code} onChange={setCode} />
            <button type="button" class="button-text" onClick={reload}>
              Load the map again
            </button>
          </div>
        </div>
      )}
    </section>
  );
}

/** Tickets come in the order of the wish, and people sit in the order of the hall. */
function inOrder(map: SeatMap, chosen: string[]): string[] {
  return allSeats(map)
    .map((seat) => seat.seat)
    .filter((seat) => chosen.includes(seat));
}

/** Seats that somebody else takes leave the selection, and the fan is told. */
function useLostSeats(map: SeatMap | null, showId: string): string[] {
  const [told, setTold] = useState<string[]>([]);
  useEffect(() => {
    const selection = selectionOf(showId);
    const chosen = selection.get();
    if (map === null || chosen.length === 0) return;
    const free = new Set(
      allSeats(map)
        .filter((seat) => seat.state === 'free')
        .map((seat) => seat.seat),
    );
    const lost = chosen.filter((seat) => !free.has(seat));
    if (lost.length === 0) return;
    setTold(lost);
    selection.set(chosen.filter((seat) => free.has(seat)));
    announce(
      `${listed(lost.map(seatWords))} ${lost.length === 1 ? 'was' : 'were'} just taken.`,
      true,
    );
  }, [map, showId]);
  return told;
}

/** Why the last wish was refused, with what can be had instead one click away. */
function Refused({ showId, onTake }: { showId: string; onTake: (seats: string[]) => void }) {
  const refusal = useStore(purchases)[showId]?.refusal;
  if (refusal === undefined) return null;
  const alternatives = refusal.alternatives ?? [];
  return (
    <Refusal problem={refusal}>
      {alternatives.length > 0 && (
        <>
          <p>Still free, close by:</p>
          <div class="actions">
            {alternatives.slice(0, 4).map((seats) => (
              <button
                key={seats.join()}
                type="button"
                class="button button-small"
                onClick={() => onTake(seats)}
              >
                Take {listed(seats)}
              </button>
            ))}
          </div>
        </>
      )}
      <button type="button" class="button-text" onClick={() => dropPurchase(showId)}>
        Dismiss
      </button>
    </Refusal>
  );
}

/** A discount code, which counts for whatever is held next. */
function CodeField({ code, onChange }: { code: string; onChange: (code: string) => void }) {
  return (
    <section class="panel" aria-label="Discount">
      <label class="field">
        <span class="field-label">Discount code, if you have one</span>
        <input
          type="text"
          value={code}
          maxLength={40}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      </label>
    </section>
  );
}

function ViewSwitch({
  view,
  onChange,
}: {
  view: 'map' | 'list';
  onChange: (view: 'map' | 'list') => void;
}) {
  return (
    <fieldset class="switch">
      <legend class="unseen">How to show the seats</legend>
      {(['map', 'list'] as const).map((each) => (
        <label key={each} class="chip">
          <input type="radio" name="view" checked={view === each} onChange={() => onChange(each)} />
          <span>{each === 'map' ? 'Map' : 'List'}</span>
        </label>
      ))}
    </fieldset>
  );
}
