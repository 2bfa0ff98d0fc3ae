import type { Sale } from '../core/store/catalog/sales.js';
import type { JoinAsk, JoinOutcome } from './answers.js';
import type { Rooms } from './rooms.js';

export type Joined = { answer: JoinOutcome; sale: Sale };
/** Makes an ask once the sale is known that it is put to. */
export type AskOf = (sale: Sale) => JoinAsk;
export type Joining = (saleId: string, fanId: string, askOf: AskOf) => Promise<Joined>;

type Waiting = {
  fanId: string;
  askOf: AskOf;
  resolve: (joined: Joined) => void;
  reject: (error: unknown) => void;
};
type Queue = { waiting: Waiting[]; underWay: boolean };

/** As many as the script's calls to Redis can take at once, with their scores. */
const batchMax = 250;

/**
 * Joins of one sale travel together: one call is under way, and what arrives meanwhile is the next
 * one. There is no timer, so a lone join waits for nobody.
 */
export function openJoining(rooms: Rooms): Joining {
  const queues = new Map<string, Queue>();
  const drain = async (saleId: string, queue: Queue): Promise<void> => {
    // A turn of the event loop, so that the calls that came with it go together.
    await new Promise(setImmediate);
    while (queue.waiting.length > 0) {
      const batch = takeBatch(queue);
      try {
        const { answers, sale } = await rooms.use(saleId, async (room, present) => ({
          answers: await room.join(batch.map(({ askOf }) => askOf(present))),
          sale: present,
        }));
        for (const [index, { resolve, reject }] of batch.entries()) {
          const answer = answers[index];
          if (answer) resolve({ answer, sale });
          else reject(new Error('the room answered fewer joins than it was asked'));
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    queues.delete(saleId);
  };
  return (saleId, fanId, askOf) =>
    new Promise((resolve, reject) => {
      const queue = queues.get(saleId) ?? { waiting: [], underWay: false };
      queues.set(saleId, queue);
      queue.waiting.push({ fanId, askOf, resolve, reject });
      if (queue.underWay) return;
      queue.underWay = true;
      void drain(saleId, queue);
    });
}

/** The first ones that wait, each fan once; a fan's second call is in the next batch. */
function takeBatch(queue: Queue): Waiting[] {
  const fans = new Set<string>();
  const batch: Waiting[] = [];
  const later: Waiting[] = [];
  for (const one of queue.waiting) {
    if (batch.length < batchMax && !fans.has(one.fanId)) {
      fans.add(one.fanId);
      batch.push(one);
    } else {
      later.push(one);
    }
  }
  queue.waiting = later;
  return batch;
}
