import type { Gate } from '../admission/gate.js';
import type { Payments } from '../core/payments/outcomes.js';
import type { WakeQueue } from '../core/queue/wake.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import type { Config } from '../core/runtime/config.js';
import type { Logger } from '../core/runtime/log.js';
import type { Secrets } from '../core/runtime/secrets.js';
import type { Tokens } from '../core/runtime/tokens.js';
import type { FanGuard } from '../core/store/catalog/fans.js';
import type { Database } from '../core/store/database.js';
import type { Shards } from '../core/store/shards.js';
import type { Accepting } from './accept/accepting.js';
import type { CapClaiming } from './accept/cap-claiming.js';
import type { Outcomes } from './accept/outcomes.js';
import type { PassClaiming } from './accept/pass-claiming.js';
import type { ShowFactsReader } from './accept/show-facts.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';

/** Everything that routes may use; main.ts opens it and tests open it on their own engines. */
export type ApiDeps = {
  config: Config;
  log: Logger;
  /** Names this process in journal rows, so that outcomes come back to it. */
  node: string;
  catalog: Database;
  shards: Shards;
  redis: Redis;
  names: RedisNames;
  tokens: Tokens;
  secrets: Secrets;
  limits: Limits;
  gate: Gate;
  payments: Payments;
  wake: WakeQueue;
  accepting: Accepting;
  passClaiming: PassClaiming;
  capClaiming: CapClaiming;
  outcomes: Outcomes;
  showFacts: ShowFactsReader;
  /** Says no to banned and erased fans and to sessions that were logged out. */
  fans: FanGuard;
  metrics: Metrics;
};
