import { useEffect, useRef } from 'preact/hooks';
import { announce } from './announce.js';
import { type Booked, lastBooked } from './keep.js';
import { go } from './router.js';
import { useStore } from './store.js';

/** Goes to the tickets when a purchase of this page is paid, in whichever tab that happened. */
export function useBooked(isMine: (booked: Booked) => boolean): void {
  const last = useStore(lastBooked);
  const before = useRef(last?.bookingId);
  useEffect(() => {
    if (last === null || last.bookingId === before.current || !isMine(last)) return;
    before.current = last.bookingId;
    announce('Paid. Here are your tickets.');
    go(`/bookings/${last.bookingId}`);
  }, [last]);
}
