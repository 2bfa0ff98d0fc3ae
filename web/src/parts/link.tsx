import type { ComponentChildren, TargetedMouseEvent } from 'preact';
import { go } from '../lib/router.js';

interface Props {
  to: string;
  class?: string;
  current?: boolean;
  children: ComponentChildren;
}

/** A link inside the site: a plain link for the browser, without loading the page anew. */
export function Link({ to, class: look, current, children }: Props) {
  const follow = (event: TargetedMouseEvent<HTMLAnchorElement>): void => {
    const elsewhere = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (elsewhere || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={to} class={look} aria-current={current === true ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}
