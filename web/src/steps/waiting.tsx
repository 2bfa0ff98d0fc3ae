import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../lib/announce.js';
import { problemOf } from '../lib/api.js';
import * as calls from '../lib/calls.js';
import { count, countdown } from '../lib/format.js';
import { dropPlace } from '../lib/keep.js';
import {
  lineWords,
  type Movement,
  oddsWords,
  opensMs,
  orderWords,
  runsShort,
} from '../lib/line.js';
import type { Place, Problem, Room, Sale } from '../lib/types.js';
import { useNow } from '../lib/use-clock.js';
import { CheckPlace } from '../parts/check-place.js';
import { StepTitle } from '../parts/heading.js';
import { Icon } from '../parts/icon.js';
import { Notice, Refusal } from '../parts/notice.js';
import { NotifyMe } from './notify-me.js';

interface Props {
  sale: Sale;
  room: Room;
  place: Place;
  ahead: number | null;
  movement: Movement;
}

/** Lobby and line: where the fan stands, how the line moves, and what to expect. */
export function Waiting({ sale, room, place, ahead, movement }: Props) {
  useNow();
  const words = lineWords(room, { ahead, movement, nowMs: Date.now() });
  const lobby = room.state === 'lobby' || room.state === 'scheduled';
  const odds = oddsWords(sale, ahead, room);
  const first = useRef(ahead);
  if (first.current === null) first.current = ahead;
  useSpokenPlace(ahead, words.headline);
  useTabTitle(lobby ? null : ahead, sale.name);
  return (
    <section class={`step waiting waiting-${words.tone}`}>
      <StepTitle>{words.headline}</StepTitle>
      {lobby ? (
        <Opening opens={opensMs(sale, room)} />
      ) : (
        <Ahead ahead={ahead} first={first.current} tone={words.tone} />
      )}
      <p class="lead">{words.text}</p>
      {place.state === 'away' && (
        <Notice tone="warn" title="We thought you had left">
          <p>Your place is kept. You are served first among those who come back.</p>
        </Notice>
      )}
      {runsShort(ahead, room) && (
        <Notice tone="warn" title="The seats may run out before your turn">
          <p>
            {count(room.seats_left ?? 0)} seats are left and {count(ahead ?? 0)} people are before
            you. Seats that are not paid for come back, so waiting can still be worth it.
          </p>
        </Notice>
      )}
      <dl class="stats">
        <div>
          <dt>Your place</dt>
          <dd class="digits">
            {place.place === null ? 'drawn at the opening' : count(place.place)}
          </dd>
        </div>
        <div>
          <dt>{lobby ? 'In the lobby' : 'In the line'}</dt>
          <dd class="digits">{count(Math.max(room.waiting, (ahead ?? 0) + 1))}</dd>
        </div>
        {room.seats_left !== null && (
          <div>
            <dt>Seats left</dt>
            <dd class="digits">{count(room.seats_left)}</dd>
          </div>
        )}
        {odds !== null && (
          <div>
            <dt>Your odds</dt>
            <dd>{odds}</dd>
          </div>
        )}
      </dl>
      <p class="quiet">{orderWords(sale)}</p>
      <NotifyMe saleId={sale.sale_id} />
      {!lobby && <CheckPlace saleId={sale.sale_id} />}
      <Leave saleId={sale.sale_id} what={lobby ? 'lobby' : 'line'} />
    </section>
  );
}

function Opening({ opens }: { opens: number | null }) {
  const now = useNow();
  const leftMs = opens === null ? 0 : opens - now;
  if (leftMs <= 0) return <p class="giant">Opening now</p>;
  return (
    <p class="giant-block" role="timer">
      <span class="giant digits">{countdown(leftMs)}</span>
      <span class="quiet">until the sale opens</span>
    </p>
  );
}

function Ahead({
  ahead,
  first,
  tone,
}: {
  ahead: number | null;
  first: number | null;
  tone: string;
}) {
  if (ahead === null || tone === 'over') return null;
  const done = first === null || first === 0 ? 1 : 1 - ahead / first;
  return (
    <>
      {ahead > 0 && (
        <p class="giant-block">
          <span class="giant digits">{count(ahead)}</span>
          <span class="quiet">{ahead === 1 ? 'person is' : 'people are'} before you</span>
        </p>
      )}
      <progress class="walk" max={1} value={done} aria-label="How far you have come in the line" />
    </>
  );
}

/** Speaks the place when it has changed noticeably, not at every step. */
function useSpokenPlace(ahead: number | null, headline: string): void {
  const said = useRef({ ahead: Number.POSITIVE_INFINITY, headline: '' });
  useEffect(() => {
    const { ahead: before, headline: old } = said.current;
    const near = ahead !== null && (ahead <= before * 0.75 || (ahead <= 5 && ahead < before));
    const changed = headline.replace(/\d+/g, '') !== old.replace(/\d+/g, '');
    if (!near && !changed) return;
    said.current = { ahead: ahead ?? before, headline };
    announce(ahead ? `${headline}. ${count(ahead)} before you.` : headline);
  }, [ahead, headline]);
}

/** The place shows in the tab, for a fan who does something else meanwhile. */
function useTabTitle(ahead: number | null, name: string): void {
  useEffect(() => {
    document.title = ahead === null ? `${name} · Usher` : `${count(ahead)} ahead · ${name}`;
    return () => {
      document.title = `${name} · Usher`;
    };
  }, [ahead, name]);
}

function Leave({ saleId, what }: { saleId: string; what: string }) {
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const leave = async (): Promise<void> => {
    try {
      await calls.leave(saleId);
      dropPlace(saleId);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
  };
  if (!asked) {
    return (
      <button type="button" class="button-text" onClick={() => setAsked(true)}>
        Leave the {what}
      </button>
    );
  }
  return (
    <div class="confirm">
      <p>
        <Icon name="alert" /> You give up your place for good. Leave?
      </p>
      <div class="actions">
        <button type="button" class="button button-quiet" onClick={() => setAsked(false)}>
          Stay
        </button>
        <button type="button" class="button button-danger" onClick={() => void leave()}>
          Leave
        </button>
      </div>
      {problem !== null && <Refusal problem={problem} />}
    </div>
  );
}
