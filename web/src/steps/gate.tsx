import { useState } from 'preact/hooks';
import { problemOf } from '../lib/api.js';
import * as calls from '../lib/calls.js';
import { count, countdown, instant } from '../lib/format.js';
import { session } from '../lib/keep.js';
import { opensMs, orderWords } from '../lib/line.js';
import { useStore } from '../lib/store.js';
import type { Place, Problem, Room, Sale } from '../lib/types.js';
import { useNow } from '../lib/use-clock.js';
import { CheckPlace } from '../parts/check-place.js';
import { StepTitle } from '../parts/heading.js';
import { LoginForm } from '../parts/login-form.js';
import { Notice, Refusal } from '../parts/notice.js';
import { StateBadge } from '../parts/sale-card.js';

interface Props {
  sale: Sale;
  room: Room | null;
  place: Place | null;
}

/** The door of a sale: when it opens, how it stands, and the way into the line. */
export function Gate({ sale, room, place }: Props) {
  const fan = useStore(session);
  const state = room?.state ?? sale.state;
  const over = state === 'closed' || state === 'sold_out';
  return (
    <section class="step gate">
      <StateBadge state={state} />
      <GateHeadline opens={opensMs(sale, room)} state={state} />
      {place?.state === 'admitted' && (
        <Notice tone="warn" title="Your turn is over">
          <p>
            The pass lasts only a few minutes, so that the line keeps moving. You can join again.
          </p>
        </Notice>
      )}
      {place?.state === 'done' && (
        <Notice tone="info" title="You have had your turn in this sale">
          <p>Your tickets are under “My tickets”. If you would like more seats, join again.</p>
        </Notice>
      )}
      <RoomFacts sale={sale} room={room} />
      {place !== null && <CheckPlace saleId={sale.sale_id} />}
      {over ? (
        <p class="lead">
          {state === 'closed'
            ? 'No more seats are sold here.'
            : 'Seats that come back go on sale here at once.'}
        </p>
      ) : fan === null ? (
        <>
          <p class="lead">
            {state === 'scheduled'
              ? `${lobbyWords(sale)} Log in or create an account now, so that you are ready.`
              : 'Log in or create an account to take your place. It takes a minute, so do it early.'}
          </p>
          <LoginForm />
        </>
      ) : (
        <JoinButton sale={sale} state={state} />
      )}
    </section>
  );
}

const headlines: Partial<Record<Room['state'], string>> = {
  open: 'The sale is open',
  sold_out: 'Nothing is left',
  closed: 'The sale is over',
};

function GateHeadline({ opens, state }: { opens: number | null; state: Room['state'] }) {
  const now = useNow();
  const before = state === 'scheduled' || state === 'lobby';
  const leftMs = opens === null ? 0 : opens - now;
  if (!before || opens === null) {
    return <StepTitle quiet>{headlines[state] ?? 'Join the line'}</StepTitle>;
  }
  return (
    <>
      <StepTitle quiet>{leftMs > 0 ? 'Opens in' : 'Opening now'}</StepTitle>
      {leftMs > 0 && <p class="giant digits">{countdown(leftMs)}</p>}
      <p class="quiet">{instant(new Date(opens).toISOString())} on your clock</p>
    </>
  );
}

function lobbyWords(sale: Sale): string {
  return sale.lobby_opens_at
    ? `The lobby opens on ${instant(sale.lobby_opens_at)}.`
    : 'The lobby opens shortly before the sale.';
}

/** Has its height before the numbers are there, so that no click lands on what has just moved. */
function RoomFacts({ sale, room }: { sale: Sale; room: Room | null }) {
  return (
    <dl class="stats">
      {room?.state !== 'scheduled' && (
        <div>
          <dt>{room?.state === 'lobby' ? 'In the lobby' : 'In the line'}</dt>
          <dd class="digits">{room === null ? '–' : count(room.waiting)}</dd>
        </div>
      )}
      {room?.seats_left !== null && (
        <div>
          <dt>Seats left</dt>
          <dd class="digits">{room === null ? '–' : count(room.seats_left)}</dd>
        </div>
      )}
      <div>
        <dt>Seats per fan</dt>
        <dd class="digits">{sale.seat_cap}</dd>
      </div>
    </dl>
  );
}

function JoinButton({ sale, state }: { sale: Sale; state: Room['state'] }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState('');
  const asksCode = problem?.error === 'code_required' || problem?.error === 'code_refused';
  const join = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await calls.join(sale.sale_id, code === '' ? undefined : code);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
    setBusy(false);
  };
  if (state === 'scheduled') {
    return <p class="lead">{lobbyWords(sale)} Come back then to take your place.</p>;
  }
  return (
    <>
      <button type="button" class="button button-big" disabled={busy} onClick={() => void join()}>
        {busy ? 'Taking your place…' : state === 'lobby' ? 'Enter the lobby' : 'Join the line'}
      </button>
      <p class="quiet">{orderWords(sale)}</p>
      {(asksCode || code !== '') && (
        <label class="field">
          <span class="field-label">Your code</span>
          <input
            value={code}
            maxLength={64}
            autocomplete="off"
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </label>
      )}
      {problem !== null && <Refusal problem={problem} />}
    </>
  );
}
