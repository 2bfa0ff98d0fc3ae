import { useState } from 'preact/hooks';
import { problemOf } from '../lib/api.js';
import { notifyMe, notifyMeNot } from '../lib/push.js';
import type { Problem } from '../lib/types.js';
import { Icon } from '../parts/icon.js';
import { Refusal } from '../parts/notice.js';

/** Nobody need watch the page: a mail, and a note of the browser where that works. */
export function NotifyMe({ saleId }: { saleId: string }) {
  const [state, setState] = useState<'no' | 'asking' | 'mail' | 'push'>('no');
  const [problem, setProblem] = useState<Problem | null>(null);
  const change = async (work: () => Promise<'no' | 'mail' | 'push'>): Promise<void> => {
    const before = state;
    setState('asking');
    setProblem(null);
    try {
      setState(await work());
    } catch (thrown) {
      setState(before);
      setProblem(problemOf(thrown));
    }
  };
  const ask = () => change(async () => ((await notifyMe(saleId)).push ? 'push' : 'mail'));
  const stop = () =>
    change(async () => {
      await notifyMeNot(saleId);
      return 'no';
    });
  return (
    <div class="notify-me">
      {state === 'mail' || state === 'push' ? (
        <p role="status">
          <Icon name="check" /> We tell you by mail{state === 'push' && ' and in this browser'} a
          few minutes before your turn, and when it has come.{' '}
          <button type="button" class="button-text" onClick={() => void stop()}>
            Don’t tell me
          </button>
        </p>
      ) : (
        <button
          type="button"
          class="button button-quiet"
          disabled={state === 'asking'}
          onClick={() => void ask()}
        >
          Tell me when it is nearly my turn
        </button>
      )}
      {problem !== null && <Refusal problem={problem} />}
    </div>
  );
}
