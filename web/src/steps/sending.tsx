import { useEffect } from 'preact/hooks';
import { attempts, resumeReserve } from '../lib/purchase.js';
import { useStore } from '../lib/store.js';
import { StepTitle } from '../parts/heading.js';

/** The moment between asking for seats and the answer; also where a reloaded page picks the request up again. */
export function Sending({ showId }: { showId: string }) {
  const tries = useStore(attempts);
  useEffect(() => {
    void resumeReserve(showId);
  }, [showId]);
  return (
    <section class="step sending">
      <StepTitle>Reserving your seats…</StepTitle>
      <span class="loading-dots" aria-hidden="true" />
      <p class="lead" role="status">
        {tries > 2
          ? 'The answer is slow. We repeat the same request until it comes; it counts only once.'
          : 'This takes a moment.'}
      </p>
    </section>
  );
}
