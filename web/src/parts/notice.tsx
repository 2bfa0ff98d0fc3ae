import type { ComponentChildren } from 'preact';
import type { Problem } from '../lib/types.js';
import { explain } from '../lib/words.js';
import { Icon, type IconName } from './icon.js';

type Tone = 'info' | 'good' | 'warn' | 'bad';

const icons: Record<Tone, IconName> = { info: 'info', good: 'check', warn: 'pause', bad: 'alert' };

interface Props {
  tone: Tone;
  title: string;
  children?: ComponentChildren;
  /** Whether screen readers are told at once that it has appeared. */
  alert?: boolean;
}

/** A boxed message; its tone shows in words and icon as well as in colour. */
export function Notice({ tone, title, children, alert }: Props) {
  return (
    <div class={`notice notice-${tone}`} role={alert === true ? 'alert' : undefined}>
      <Icon name={icons[tone]} />
      <div class="notice-body">
        <p class="notice-title">{title}</p>
        {children}
      </div>
    </div>
  );
}

/** A refusal in plain words, with what can be done about it. */
export function Refusal({ problem, children }: { problem: Problem; children?: ComponentChildren }) {
  const { title, text } = explain(problem);
  return (
    <Notice tone={problem.error === 'network' ? 'warn' : 'bad'} title={title} alert>
      <p>{text}</p>
      {children}
    </Notice>
  );
}
