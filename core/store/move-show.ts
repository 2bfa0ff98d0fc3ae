import { setTimeout as delay } from 'node:timers/promises';
import { writeAudit } from './catalog/audit.js';
import { gateOf } from './catalog/sale-gates.js';
import {
  type Move,
  putOff,
  readMove,
  readShowToMove,
  stepMove,
  switchPlace,
  whileMove,
} from './catalog/show-moves.js';
import { lockSale } from './catalog/staff-views.js';
import type { Database, Tx } from './database.js';
import { copyAhead, copyRest, emptyShow, type Sides } from './move-copy.js';
import {
  carryPublished,
  closeForMove,
  hasUndecided,
  readBustle,
  serveShow,
  silenceLeftRows,
  takeAway,
} from './shard/show-move.js';
import { laneOf, type Shards } from './shards.js';
import { readShowTables } from './show-tables.js';

/** Connections that the server drops soon after their process was paused. */
export type MoveDeps = {
  catalog: Database;
  shards: Pick<Shards, 'byId'>;
  waits?: MoveWaits;
};

export type MoveWaits = {
  /** From the announcement until every process has heard of it: two looks and the way. */
  announceMs: number;
  /** For the decisions of what was accepted before; what is left is decided on the new shard. */
  decideMsMax: number;
  /** A show is closed no longer than this before its switch; else it goes on where it was. */
  closedMsMax: number;
  /** Rows stay where they were, for whoever began to read before the move. */
  graceMs: number;
  /** Until a show that sells is looked at again. */
  busySeconds: number;
  /** After a try that failed. */
  againSeconds: number;
};

const usualWaits: MoveWaits = {
  announceMs: 600,
  decideMsMax: 300,
  closedMsMax: 1_500,
  graceMs: 6_000,
  busySeconds: 30,
  againSeconds: 3,
};

/** A show on which nothing happened for this long is quiet; one that opens within it isn't. */
const quietSeconds = 60;

/**
 * Brings a move one step on, from wherever it stands: every step may be repeated, so whoever comes
 * after a mover that died goes on where it was. Returns whether there was anything to do now.
 */
export async function advanceMove(deps: MoveDeps, move: Move): Promise<boolean> {
  const waits = deps.waits ?? usualWaits;
  switch (move.state) {
    case 'PLANNED':
      return begin(deps, move, waits);
    case 'COPYING':
      return undoing(deps, move, waits, async () => {
        const fence = fenceOf(deps, move, 'COPYING');
        const settledBelow = await copyAhead(sides(deps, move), move.showId, fence);
        await stepMove(deps.catalog, move, { from: 'COPYING', to: 'CLOSED' });
        await copyAndSwitch(deps, move, { waits, settledBelow });
      });
    case 'CLOSED':
      return undoing(deps, move, waits, () =>
        copyAndSwitch(deps, move, { waits, settledBelow: 0 }),
      );
    case 'SWITCHED':
      await openThere(deps, move);
      return true;
    case 'OPENED':
      if (move.ageMs < waits.graceMs) return false;
      await cleanUp(deps, move);
      return true;
    case 'DONE':
      return false;
  }
}

function sides({ shards }: MoveDeps, move: Move): Sides {
  return { source: shards.byId(move.fromShard), target: shards.byId(move.toShard) };
}

function fenceOf({ catalog }: MoveDeps, move: Move, state: Move['state']) {
  return <T>(work: () => Promise<T>): Promise<T> => whileMove(catalog, move, state, work);
}

async function begin(deps: MoveDeps, move: Move, waits: MoveWaits): Promise<boolean> {
  const { catalog, shards } = deps;
  const show = await readShowToMove(catalog, move.showId);
  if (!show || show.shardId !== move.fromShard || show.shardId === move.toShard) {
    await stepMove(catalog, move, { from: 'PLANNED', to: 'DONE', note: 'nothing to move' });
    return true;
  }
  let why: string | undefined;
  try {
    shards.byId(move.toShard);
    if (show.state === 'PLANNED') why = 'its seats are still being made';
    else if (!move.evenSelling) why = await whyBusy(deps, move, show.standing === 1);
  } catch (error) {
    why = messageOf(error);
  }
  if (why === undefined) await stepMove(catalog, move, { from: 'PLANNED', to: 'COPYING' });
  else await putOff(catalog, move, { from: 'PLANNED', note: why, seconds: waits.busySeconds });
  return true;
}

/** A rush is on until its sale ends; an ordinary show is busy while somebody buys. */
async function whyBusy(
  { shards }: MoveDeps,
  move: Move,
  standing: boolean,
): Promise<string | undefined> {
  const bustle = await readBustle(shards.byId(move.fromShard), move.showId, quietSeconds);
  if (!bustle) return undefined;
  if (bustle.opensSoon) return 'its sale is about to open';
  if (!bustle.isOpen) return undefined;
  if (bustle.isLively) return 'people are buying';
  return !standing && bustle.seatsLeft ? 'it sells until its sale ends' : undefined;
}

/** What fails before the switch is undone: the show goes on where it was, and the plan stays. */
async function undoing(
  deps: MoveDeps,
  move: Move,
  waits: MoveWaits,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
  } catch (error) {
    const now = await readMove(deps.catalog, move.showId);
    if (now?.state === 'SWITCHED') return true;
    if (now?.state !== 'COPYING' && now?.state !== 'CLOSED') throw error;
    await serveAsSale(deps.catalog, deps.shards.byId(move.fromShard), now, (tx) =>
      putOff(tx, now, { from: now.state, note: messageOf(error), seconds: waits.againSeconds }),
    );
    await emptyShow(deps.shards.byId(move.toShard), move.showId, fenceOf(deps, move, 'PLANNED'));
  }
  return true;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function copyAndSwitch(
  deps: MoveDeps,
  move: Move,
  { waits, settledBelow }: { waits: MoveWaits; settledBelow: number },
): Promise<void> {
  const { catalog } = deps;
  const { source, target } = sides(deps, move);
  const { showId } = move;
  const fence = fenceOf(deps, move, 'CLOSED');
  const ageMs = (await readMove(catalog, showId))?.ageMs ?? 0;
  const untilMs = Date.now() + waits.closedMsMax - ageMs;
  const tables = await readShowTables(source);
  await fence(() => closeForMove(source, showId));
  await delay(Math.max(0, waits.announceMs - ageMs));
  const decideUntilMs = Date.now() + waits.decideMsMax;
  while (Date.now() < decideUntilMs && (await hasUndecided(source, showId))) await delay(10);
  await fence(() => takeAway(source, showId));
  await fence(() => copyRest({ source, target }, showId, { tables, settledBelow }));
  if (Date.now() > untilMs) throw new Error('copying took longer than a show may be closed');
  await whileMove(catalog, move, 'CLOSED', (tx) => switchPlace(tx, move));
  await openThere(deps, move);
}

/** The directory names the new shard, so it serves the show from here on, as its sale stands now. */
async function openThere(deps: MoveDeps, move: Move): Promise<void> {
  const { source, target } = sides(deps, move);
  await serveAsSale(deps.catalog, target, move, async (tx) => {
    await stepMove(tx, move, { from: 'SWITCHED', to: 'OPENED' });
    await writeAudit(tx, {
      actor: move.actor,
      action: 'shard.move',
      subject: String(move.showId),
      before: { shard: move.fromShard },
      after: { shard: move.toShard },
    });
    await source.transaction((left) => silenceLeftRows(left, move.showId));
  });
}

/**
 * Lets a shard serve the show with the gate that its sale has now. The step is written first and
 * committed last, so a mover that lost its move changes nothing on the shard.
 */
async function serveAsSale(
  catalog: Database,
  shard: Database,
  { showId }: Move,
  step: (tx: Tx) => Promise<void>,
): Promise<void> {
  await catalog.transaction(async (tx) => {
    const saleId = (await readShowToMove(tx, showId))?.saleId ?? '';
    const sale = await lockSale(tx, saleId);
    if (!sale) throw new Error(`show ${showId} has no sale`);
    await step(tx);
    const to = { lane: laneOf(showId), gate: gateOf[sale.state], opensAt: sale.opensAt };
    await serveShow(shard, showId, to);
  });
}

/** The rows that were left behind, when nobody can be reading them any more. */
async function cleanUp(deps: MoveDeps, move: Move): Promise<void> {
  const { source, target } = sides(deps, move);
  const { showId } = move;
  const fence = fenceOf(deps, move, 'OPENED');
  await fence(() => carryPublished(source, target, { showId, since: move.plannedAt }));
  await emptyShow(source, showId, fence);
  await stepMove(deps.catalog, move, { from: 'OPENED', to: 'DONE' });
}
