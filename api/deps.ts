import type { Gate } from '../admission/gate.js';
import type { Payments } from '../core/payments/stripe.js';
import type { WakeQueue } from '../core/queue/wake.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import type { Config } from '../core/runtime/config.js';
import type { Logger } from '../core/runtime/log.js';
import type { Secrets } from '../core/runtime/secrets.js';
import type { Tokens } from '../core/runtime/tokens.js';
import type { Database, Knex } from '../core/store/database.js';
import type { Shards } from '../core/store/shards.js';
import type { Accepting } from './accept/accepting.js';
import type { Limits } from './limits.js';

/** Everything that routes may use; main.ts opens it and tests open it on their own engines. */
export type ApiDeps = {
  config: Config;
  log: Logger;
  /** Names this process in journal rows, so that outcomes come back to it. */
  node: string;
  catalog: Database;
  knex: Knex;
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
};
