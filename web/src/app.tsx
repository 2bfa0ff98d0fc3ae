import { route } from './lib/router.js';
import { useStore } from './lib/store.js';
import { BookingPage } from './pages/booking.js';
import { Bookings } from './pages/bookings.js';
import { Home } from './pages/home.js';
import { Login } from './pages/login.js';
import { MoviePage } from './pages/movie.js';
import { Nowhere } from './pages/nowhere.js';
import { SalePage } from './pages/sale.js';
import { ShowPage } from './pages/show.js';
import { Frame } from './parts/frame.js';

export function App() {
  return (
    <Frame>
      <Page />
    </Frame>
  );
}

/** The page of the present address; the key makes another movie another page. */
function Page() {
  const at = useStore(route);
  switch (at.page) {
    case 'home':
      return <Home />;
    case 'movie':
      return <MoviePage key={at.id} id={at.id} />;
    case 'show':
      return <ShowPage key={at.id} id={at.id} />;
    case 'sale':
      return <SalePage key={at.id} id={at.id} />;
    case 'bookings':
      return <Bookings />;
    case 'booking':
      return <BookingPage key={at.id} id={at.id} />;
    case 'login':
      return <Login next={at.next} />;
    case 'nowhere':
      return <Nowhere />;
  }
}
