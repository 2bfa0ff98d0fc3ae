import type { UndecidedRequest } from '../core/domain/decide.js';
import { buildSeatMap, type SeatMap } from '../core/domain/seat-map.js';
import type { Edit } from './redis/memory-redis.js';

/**
 * A fault that is planted into the simulated world, to prove that the simulation would see it. The
 * room's are changes of its scripts, the others leave out a guard.
 */
export type Fault = {
  name: string;
  script?: Edit;
  /** The seats that a decision sees in place of the true ones. */
  map?: (map: SeatMap) => SeatMap;
  /** The order in which a batch is decided. */
  order?: (requests: UndecidedRequest[]) => UndecidedRequest[];
};

/** @throws Error when the script no longer has that line, so that no fault is planted in vain. */
function replaced(name: string, from: string, to: string): Fault {
  return {
    name,
    script: (text) => {
      if (!text.startsWith(tickHead)) return text;
      if (!text.includes(from)) throw new Error(`the tick no longer says ${from}`);
      return text.replace(from, to);
    },
  };
}

const tickHead = '-- One step of the pump';

function allFree(map: SeatMap): SeatMap {
  return buildSeatMap(
    map.seats.map((seat) => ({ ...seat, state: seat.state === 'HELD' ? 'FREE' : seat.state })),
  );
}

export const faults: Fault[] = [
  replaced('a tick without the rate', 'math.min(tokens, rate - sums[1])', '99'),
  replaced(
    'a tick without the pass cap',
    "number_of(room.cap) - redis.call('ZCARD', leases)",
    '99',
  ),
  replaced('a tick past the head', 'cursor, cursor + size - 1', 'cursor + 1, cursor + size'),
  replaced('signs of life not counted', 'math.max(seen_until or 0, called)', 'called'),
  replaced("a pump's long sleep at once", 'step_ms, step_ms_max', 'step_ms'),
  replaced('a paused room lets in', "state_of(room, now) == 'open'", "room.latched == '1'"),
  { name: 'held seats look free', map: allFree },
  { name: 'the last comes first', order: (requests) => [...requests].reverse() },
  { name: 'batch replayed' },
  { name: 'old map' },
  { name: 'no fencing' },
  { name: 'told before the commit' },
  { name: 'holds that never lapse' },
  { name: 'freed while being paid' },
  { name: 'late money takes any seat' },
];
