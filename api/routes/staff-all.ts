import type { ApiDeps } from '../deps.js';
import type { Route } from '../route.js';
import { staffAccountRoutes } from './staff-accounts.js';
import { staffBookingRoutes } from './staff-bookings.js';
import { staffDeadRoutes } from './staff-dead.js';
import { staffDeskRoutes } from './staff-desk.js';
import { staffDiscountRoutes } from './staff-discounts.js';
import { staffDoorRoutes } from './staff-door.js';
import { staffEventRoutes } from './staff-events.js';
import { staffExportRoutes } from './staff-exports.js';
import { staffFanRoutes } from './staff-fans.js';
import { staffLaneRoutes } from './staff-lanes.js';
import { staffPaymentRoutes } from './staff-payments.js';
import { staffPriceRoutes } from './staff-prices.js';
import { staffRefundRoutes } from './staff-refunds.js';
import { staffReissueRoutes } from './staff-reissue.js';
import { staffReleaseRoutes } from './staff-release.js';
import { staffRequestRoutes } from './staff-requests.js';
import { staffRoomRoutes } from './staff-room.js';
import { staffSaleChangeRoutes } from './staff-sale-changes.js';
import { staffSaleCheckRoutes } from './staff-sale-check.js';
import { staffSaleCodeRoutes } from './staff-sale-codes.js';
import { staffSaleRuleRoutes } from './staff-sale-rules.js';
import { staffSaleRoutes } from './staff-sales.js';
import { staffScanRoutes } from './staff-scan.js';
import { staffSeatRoutes } from './staff-seats.js';
import { staffShowCancelRoutes } from './staff-show-cancel.js';
import { staffShowChangeRoutes } from './staff-show-change.js';
import { staffShowRoutes } from './staff-shows.js';
import { staffStatsRoutes } from './staff-stats.js';
import { staffTillRoutes } from './staff-tills.js';
import { staffWaitlistRoutes } from './staff-waitlist.js';

/** Everything that the command line calls. */
export function staffRoutes(deps: ApiDeps): Route[] {
  return [
    ...staffAccountRoutes(deps),
    ...staffSaleRoutes(deps),
    ...staffSaleChangeRoutes(deps),
    ...staffSaleRuleRoutes(deps),
    ...staffLaneRoutes(deps),
    ...staffRoomRoutes(deps),
    ...staffFanRoutes(deps),
    ...staffReleaseRoutes(deps),
    ...staffSaleCheckRoutes(deps),
    ...staffSaleCodeRoutes(deps),
    ...staffStatsRoutes(deps),
    ...staffShowRoutes(deps),
    ...staffShowChangeRoutes(deps),
    ...staffShowCancelRoutes(deps),
    ...staffPriceRoutes(deps),
    ...staffSeatRoutes(deps),
    ...staffDeskRoutes(deps),
    ...staffWaitlistRoutes(deps),
    ...staffRequestRoutes(deps),
    ...staffBookingRoutes(deps),
    ...staffRefundRoutes(deps),
    ...staffPaymentRoutes(deps),
    ...staffExportRoutes(deps),
    ...staffScanRoutes(deps),
    ...staffReissueRoutes(deps),
    ...staffDoorRoutes(deps),
    ...staffTillRoutes(deps),
    ...staffDiscountRoutes(deps),
    ...staffDeadRoutes(deps),
    ...staffEventRoutes(deps),
  ];
}
