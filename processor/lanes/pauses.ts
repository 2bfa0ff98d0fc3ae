import type { LaneRef } from '../../core/queue/wake.js';
import { readLanePauses } from '../../core/store/catalog/lane-pauses.js';
import type { Queryable } from '../../core/store/database.js';

const lookEveryMs = 500;

/** Which lanes staff have paused, as this process knows it; a catalog that is away changes none. */
export type Pauses = {
  isPaused(lane: LaneRef): boolean;
  look(): Promise<void>;
  close(): void;
};

/** `onResume` hears of each lane that is paused no longer: its requests have waited unseen. */
export function openPauses(
  catalog: Pick<Queryable, 'rows'>,
  onResume: (lane: LaneRef) => void,
): Pauses {
  let paused = new Map<string, LaneRef>();
  const look = async (): Promise<void> => {
    const now = await readLanePauses(catalog);
    const before = paused;
    paused = new Map(now.map(({ shardId, lane }) => [`${shardId}-${lane}`, { shardId, lane }]));
    for (const [name, lane] of before) if (!paused.has(name)) onResume(lane);
  };
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs);
  timer.unref();
  return {
    isPaused: ({ shardId, lane }) => paused.has(`${shardId}-${lane}`),
    look,
    close: () => clearInterval(timer),
  };
}
