import type { Gate } from '../../admission/gate.js';
import { UsherError } from '../../core/domain/errors.js';
import type { MessageChannel, MessageKind } from '../../core/domain/messages.js';
import type { Logger } from '../../core/runtime/log.js';
import { insertMessages } from '../../core/store/catalog/messages.js';
import {
  type DueNote,
  listNotedSales,
  listSoonDue,
  listTurnDue,
  listUnplaced,
  markNoted,
  placeNote,
} from '../../core/store/catalog/room-notes.js';
import type { Database } from '../../core/store/database.js';
import { type Loop, openLoop } from '../loop.js';

const pauseMs = 1_000;
const salesMax = 100;
const rowsMax = 200;
/** How long before the expected turn a fan hears of it. */
const soonMinutes = 3;
/** Admissions older than this were told of, or their fans have come. */
const recentSeconds = 120;

export type TurnDeps = { catalog: Database; gate: Pick<Gate, 'room' | 'ranks'>; log: Logger };

/**
 * Files what fans asked to be told of their turn. Each look reads the rows that are due by an index,
 * so it costs the same with a million waiting; the message's key lets each be sent once.
 */
export function openTurnNotices(deps: TurnDeps): Loop {
  return openLoop('turn notices', { log: deps.log, pauseMs }, () => fileTurns(deps));
}

/** One look at all sales; true when there is more to do at once. */
export async function fileTurns(deps: TurnDeps): Promise<boolean> {
  let more = false;
  for (const saleId of await listNotedSales(deps.catalog, salesMax)) {
    try {
      more = (await fileSale(deps, saleId)) || more;
    } catch (error) {
      // A room that can't be asked now is asked again in a second.
      if (!(error instanceof UsherError)) throw error;
    }
  }
  return more;
}

async function fileSale({ catalog, gate }: TurnDeps, saleId: string): Promise<boolean> {
  const turns = await listTurnDue(catalog, { saleId, recentSeconds, rowsMax });
  await file(catalog, saleId, 'turn_now', turns);
  await markNoted(catalog, { saleId, fanIds: turns.map(({ fanId }) => fanId), what: 'turn' });
  const room = await gate.room(saleId);
  if (room.state !== 'open') return turns.length === rowsMax;
  const unplaced = await listUnplaced(catalog, saleId, rowsMax);
  const ranks = await gate.ranks(saleId, unplaced);
  for (const [index, fanId] of unplaced.entries()) {
    const rank = ranks[index];
    if (typeof rank === 'number') await placeNote(catalog, { saleId, fanId, place: rank + 1 });
  }
  const upTo = room.now_serving + Math.ceil(room.rate_per_minute * soonMinutes);
  const soon = await listSoonDue(catalog, { saleId, upTo, rowsMax });
  await file(catalog, saleId, 'turn_soon', soon);
  await markNoted(catalog, { saleId, fanIds: soon.map(({ fanId }) => fanId), what: 'soon' });
  return turns.length === rowsMax || soon.length === rowsMax;
}

async function file(
  catalog: Database,
  saleId: string,
  kind: MessageKind,
  due: DueNote[],
): Promise<void> {
  const by = { mail: (note: DueNote) => note.mail, webpush: (note: DueNote) => note.push };
  for (const channel of Object.keys(by) as (MessageChannel & keyof typeof by)[]) {
    const messages = due.filter(by[channel]).map(({ fanId }) => ({
      key: `${saleId}-${fanId}-${kind}`,
      fanId,
      kind,
      showId: null,
      subjectId: null,
      detail: { sale_id: saleId },
    }));
    await insertMessages(catalog, messages, [channel]);
  }
}
