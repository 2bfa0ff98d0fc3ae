import { addFans, type Fan } from './journey.js';
import type { World } from './world.js';

export type Shopping = {
  /** Purchases and give-backs that came to their end so far. */
  done(): number;
  /** Nobody begins another round; resolves when all under way have ended. */
  finish(): Promise<{ paid: number; released: number; refused: number }>;
};

/**
 * Fans who buy and give back, each one round after another with a new pass each time, until told
 * to finish. A refusal is an answer; anything else that isn't one ends the test.
 */
export async function startShopping(
  world: World,
  { fans: count = 8, passesEach = 40 } = {},
): Promise<Shopping> {
  const fans = await addFans(world, count * passesEach);
  const counts = { paid: 0, released: 0, refused: 0 };
  let finishing = false;
  const round = async (fan: Fan, showId: number, pays: boolean): Promise<void> => {
    const pass = await fan.pass('desk');
    const told = await fan.reserve(showId, { quantity: 1 }, { pass });
    if (told.status === 409) {
      counts.refused += 1;
      return;
    }
    if (told.status !== 200)
      throw new Error(`reserve: ${told.status} ${JSON.stringify(told.body)}`);
    const id = String(told.body.reservation_id);
    const ended = pays ? await fan.confirm(id) : await fan.release(id);
    const wanted = pays ? 201 : 204;
    if (ended.status !== wanted) throw new Error(`${ended.status} ${JSON.stringify(ended.body)}`);
    counts[pays ? 'paid' : 'released'] += 1;
  };
  const run = async (start: number): Promise<void> => {
    for (let index = start; index < fans.length && !finishing; index += count) {
      const fan = fans[index];
      const showId = world.showIds[index % world.showIds.length] ?? 0;
      if (fan) await round(fan, showId, Math.floor(index / count) % 2 === 0);
    }
  };
  const running = Promise.all(Array.from({ length: count }, (_, start) => run(start)));
  // Whoever finishes hears of a failure; until then it must not end the process.
  running.catch(() => undefined);
  return {
    done: () => counts.paid + counts.released + counts.refused,
    finish: async () => {
      finishing = true;
      await running;
      return counts;
    },
  };
}
