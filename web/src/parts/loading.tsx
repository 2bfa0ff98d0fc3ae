import type { ComponentChildren } from 'preact';
import type { Loaded } from '../lib/use-load.js';
import { Refusal } from './notice.js';

interface Props<T> {
  of: Loaded<T>;
  what: string;
  children: (value: T) => ComponentChildren;
}

/** What has been read, or that it is on its way, or why it could not be read. */
export function Ready<T>({ of, what, children }: Props<T>) {
  if (of.kind === 'ready') return <>{children(of.value)}</>;
  if (of.kind === 'loading') {
    return (
      <p class="loading" role="status">
        <span class="loading-dots" aria-hidden="true" />
        Loading {what}…
      </p>
    );
  }
  return (
    <Refusal problem={of.problem}>
      <button type="button" class="button button-quiet" onClick={of.again}>
        Try again
      </button>
    </Refusal>
  );
}
