import { countdown } from '../lib/format.js';
import type { Place } from '../lib/types.js';
import { useDeadline } from '../lib/use-clock.js';
import { Icon } from '../parts/icon.js';

/** How long the pass still lasts; an ordinary show, where nobody waited, needs no such reminder. */
export function PassTimer({ place, onOver }: { place: Place | null; onOver?: () => void }) {
  if (place?.state !== 'admitted' || place.pass_expires_at === undefined) return null;
  const timer = { until: place.pass_expires_at };
  return onOver === undefined ? <Timer {...timer} /> : <Timer {...timer} onOver={onOver} />;
}

function Timer({ until, onOver }: { until: string; onOver?: () => void }) {
  const leftMs = useDeadline(until, 'to choose your seats', onOver);
  return (
    <p class={`timer${leftMs < 60_000 ? ' timer-short' : ''}`} role="timer">
      <Icon name="clock" />
      <span>
        Choose within <b class="digits">{countdown(leftMs)}</b>
      </span>
    </p>
  );
}
