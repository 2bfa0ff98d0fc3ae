import type { ComponentChildren, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { call, problemOf } from '../lib/api.js';
import { setSession } from '../lib/keep.js';
import type { Problem, Session } from '../lib/types.js';
import { Refusal } from './notice.js';

type Mode = 'login' | 'signup';

/** Log-in and sign-up in one panel; the session appears in the store when it worked. */
export function LoginForm() {
  const [mode, setMode] = useState<Mode>('login');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = String(form.get('email') ?? '').trim();
    const body: Record<string, string> = { email, password: String(form.get('password') ?? '') };
    const name = String(form.get('name') ?? '').trim();
    if (mode === 'signup' && name !== '') body.name = name;
    setBusy(true);
    setProblem(null);
    try {
      const answer = await call<Omit<Session, 'email'>>(`/${mode}`, { method: 'POST', body });
      setSession({ ...answer.body, email });
    } catch (thrown) {
      setProblem(problemOf(thrown));
      setBusy(false);
    }
  };

  const other = mode === 'login' ? 'signup' : 'login';
  return (
    <form class="panel form" onSubmit={(event) => void submit(event)}>
      {mode === 'signup' && (
        <Field label="Name" hint="optional">
          <input name="name" type="text" autocomplete="name" />
        </Field>
      )}
      <Field label="Mail address">
        <input name="email" type="email" autocomplete="email" required />
      </Field>
      <Field label="Password">
        <input
          name="password"
          type="password"
          autocomplete={mode === 'login' ? 'current-password' : 'new-password'}
          required
        />
      </Field>
      {problem !== null && <Refusal problem={problem} />}
      <button type="submit" class="button button-wide" disabled={busy}>
        {busy ? 'One moment…' : mode === 'login' ? 'Log in' : 'Create the account'}
      </button>
      <button
        type="button"
        class="button-text"
        onClick={() => {
          setMode(other);
          setProblem(null);
        }}
      >
        {mode === 'login' ? 'New here? Create an account' : 'You have an account? Log in'}
      </button>
    </form>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  children: ComponentChildren;
}

function Field({ label, hint, children }: FieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label class="field">
      <span class="field-label">
        {label}
        {hint !== undefined && <span class="field-hint"> {hint}</span>}
      </span>
      {children}
    </label>
  );
}
