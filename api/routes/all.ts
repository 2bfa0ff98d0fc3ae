import type { ApiDeps } from '../deps.js';
import type { Route } from '../route.js';
import { accountRoutes } from './account.js';
import { bookingCancelRoutes } from './booking-cancel.js';
import { bookingsRoutes } from './bookings.js';
import { browseRoutes } from './browse.js';
import { confirmRoutes } from './confirm.js';
import { healthRoutes } from './health.js';
import { notificationRoutes } from './notifications.js';
import { paymentPageRoutes } from './payment-page.js';
import { proofRoutes } from './proof.js';
import { requestRoutes } from './requests.js';
import { reservationsRoutes } from './reservations.js';
import { roomRoutes } from './room.js';
import { searchRoutes } from './search.js';
import { showRoutes } from './shows.js';
import { staffRoutes } from './staff-all.js';
import { turnNoticeRoutes } from './turn-notices.js';
import { waitlistRoutes } from './waitlist.js';

/** Every route of the api, in the order in which the document lists them. */
export function allRoutes(deps: ApiDeps): Route[] {
  return [
    ...accountRoutes(deps),
    ...browseRoutes(deps),
    ...searchRoutes(deps),
    ...showRoutes(deps),
    ...roomRoutes(deps),
    ...proofRoutes(deps),
    ...turnNoticeRoutes(deps),
    ...requestRoutes(deps),
    ...waitlistRoutes(deps),
    ...reservationsRoutes(deps),
    ...paymentPageRoutes(deps),
    ...confirmRoutes(deps),
    ...bookingsRoutes(deps),
    ...notificationRoutes(deps),
    ...bookingCancelRoutes(deps),
    ...staffRoutes(deps),
    ...healthRoutes(deps),
  ];
}
