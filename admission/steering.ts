import { UsherError } from '../core/domain/errors.js';
import type { Redis } from '../core/redis/connect.js';
import type { RedisNames } from '../core/redis/keys.js';
import { publish } from '../core/redis/news.js';
import { RedisAway } from '../core/redis/scripts.js';
import type { Logger } from '../core/runtime/log.js';
import { whileRedisIsThere } from './ending.js';
import type { RoomNumbersBook } from './room-numbers.js';
import type { Rooms } from './rooms.js';

type Inside = {
  redis: Redis;
  names: RedisNames;
  log: Logger;
  rooms: Rooms;
  numbers: RoomNumbersBook;
};

/**
 * Lets the next fans in at once. @returns how many the pass cap leaves.
 * @throws UsherError `conflict` while the room lets nobody in, `unavailable`.
 */
export async function admitNow(rooms: Rooms, saleId: string, fans: number): Promise<number> {
  const sale = await rooms.sale(saleId);
  if (sale.standing) {
    throw new UsherError('conflict', 'Nobody waits in a standing sale; everybody is let in.');
  }
  const told = await whileRedisIsThere(() => rooms.use(saleId, (room) => room.admit(fans)));
  if ('fans' in told) return told.fans;
  throw new UsherError('conflict', `The room is ${told.state}; it lets nobody in now.`);
}

/**
 * Brings changed settings of a sale into its room and tells everybody. A pump does so as well, so
 * a Redis that is away fails no command of staff.
 */
export async function carrySettings(inside: Inside, saleId: string): Promise<void> {
  const sale = await inside.rooms.refresh(saleId);
  try {
    if (!sale.standing && !sale.roomPruned) await inside.rooms.configure(saleId);
  } catch (error) {
    if (!(error instanceof RedisAway)) throw error;
    inside.log.warn({ saleId }, 'the room learns of its new settings when Redis is back');
  }
  inside.numbers.forget(saleId);
  const { numbers } = await inside.numbers.read(saleId);
  const news = { kind: 'room', sale_id: saleId, room: numbers } as const;
  await publish(inside.redis, inside.names.everyoneChannel, news);
}
