import type { ComponentChildren } from 'preact';
import { spokenAtOnce, spokenPolitely } from '../lib/announce.js';
import { call } from '../lib/api.js';
import { forgetFan, session } from '../lib/keep.js';
import { go, route } from '../lib/router.js';
import type { Route } from '../lib/routes.js';
import { useStore } from '../lib/store.js';
import { Icon } from './icon.js';
import { Link } from './link.js';
import { ResumeBar } from './resume-bar.js';

/** What surrounds every page: brand, ways to go, announcements for screen readers. */
export function Frame({ children }: { children: ComponentChildren }) {
  const at = useStore(route);
  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <Link to="/" class="brand">
          <Icon name="beam" />
          <span>Usher</span>
        </Link>
        <nav class="top-nav" aria-label="Main">
          <Link to="/" current={at.page === 'home'}>
            Now showing
          </Link>
          <Link to="/bookings" current={at.page === 'bookings' || at.page === 'booking'}>
            My tickets
          </Link>
          <Account at={at} />
        </nav>
      </header>
      <ResumeBar at={at} />
      <main id="main" class="page">
        {children}
      </main>
      <footer class="foot">
        <p>
          First come, first served. Prices include everything you pay. Nobody is ever sold a taken
          seat.
        </p>
      </footer>
      <Announcer />
    </div>
  );
}

function Account({ at }: { at: Route }) {
  const fan = useStore(session);
  if (fan === null) {
    const next = at.page === 'login' ? at.next : window.location.pathname;
    return (
      <Link
        to={`/login?next=${encodeURIComponent(next)}`}
        class="nav-login"
        current={at.page === 'login'}
      >
        Log in
      </Link>
    );
  }
  const leave = (): void => {
    call('/logout', { method: 'POST', body: {} }).catch(() => undefined);
    forgetFan();
    go('/');
  };
  return (
    <button type="button" class="nav-login" onClick={leave} title={fan.email}>
      Log out
    </button>
  );
}

function Announcer() {
  const polite = useStore(spokenPolitely);
  const urgent = useStore(spokenAtOnce);
  return (
    <div class="unseen">
      <div aria-live="polite">{freshly(polite)}</div>
      <div aria-live="assertive">{freshly(urgent)}</div>
    </div>
  );
}

/** The same words twice are read twice only if the text differs, so every other one ends in a space. */
function freshly({ text, turn }: { text: string; turn: number }): string {
  return turn % 2 === 0 ? text : `${text}\u00a0`;
}
