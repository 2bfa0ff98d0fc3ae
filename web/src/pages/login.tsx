import { useEffect } from 'preact/hooks';
import { session } from '../lib/keep.js';
import { go } from '../lib/router.js';
import { useStore } from '../lib/store.js';
import { PageTitle } from '../parts/heading.js';
import { LoginForm } from '../parts/login-form.js';

export function Login({ next }: { next: string }) {
  const fan = useStore(session);
  useEffect(() => {
    if (fan !== null) go(next, { replace: true });
  }, [fan, next]);
  return (
    <section class="narrow">
      <PageTitle title="Log in">Good to see you</PageTitle>
      <p class="lead">
        One account per person keeps the line fair. We send your tickets to its mail address.
      </p>
      <LoginForm />
    </section>
  );
}
