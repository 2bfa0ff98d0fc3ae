import { PageTitle } from '../parts/heading.js';
import { Link } from '../parts/link.js';

export function Nowhere() {
  return (
    <section class="narrow">
      <PageTitle title="Nothing here" />
      <p class="lead">There is no page at this address. Perhaps the film has ended its run.</p>
      <Link to="/" class="button">
        See what is showing
      </Link>
    </section>
  );
}
