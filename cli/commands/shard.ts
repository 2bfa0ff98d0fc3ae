import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { parseShowId } from '../../core/domain/ids.js';
import { openLog } from '../../core/runtime/log.js';
import { readLocalSettings } from '../../core/runtime/supervisor-env.js';
import { addShard, NoDatabaseError, ShardTakenError } from '../../core/store/add-shard.js';
import { listShards } from '../../core/store/catalog/shard-urls.js';
import { listMoves, type Move, planMove, readMove } from '../../core/store/catalog/show-moves.js';
import { lanesLimits } from '../../core/store/database.js';
import { openMover } from '../../core/store/mover.js';
import { planRebalance } from '../../core/store/rebalance.js';
import { readShardLoad } from '../../core/store/shard/load.js';
import { addCommand, addNoun, type Call, type Session } from '../command.js';
import { dataDirOf } from '../context.js';
import { refused, wrongUsage } from '../exit.js';
import { type Out, table } from '../out.js';
import { type DirectStores, openStores, storeError } from '../stores.js';
import { localActor } from '../target.js';

/** Programs look for new shards every second; a show goes there when all have joined it. */
const joinedAfterSeconds = 4;
const watchEveryMs = 300;
/** A move that can't be made, such as to a shard that is away, is left to the processors. */
const triesMsMax = 20_000;
/** How long a second move of a show waits for the first one to be cleared up. */
const freeMsMax = 60_000;

/** These speak to the databases themselves, so that they work while programs are away. */
export function addShardCommands(program: Command, session: Session): void {
  const shard = addNoun(program, 'shard', 'databases that hold the shows');
  addCommand(shard, session, {
    usage: 'list',
    summary: 'list the shards with their shows, rows and load, and the moves that are not done',
    examples: ['usher shard list', 'usher shard list --json'],
    run: (call) => withStores(call, { mayMiss: true }, list),
  });
  addCommand(shard, session, {
    usage: 'add [url]',
    summary: 'add a shard and move about 1/N of the shows to it; without a URL on the local server',
    examples: ['usher shard add mysql://usher:…@db3/usher_shard_3', 'usher shard add'],
    options: addMoveOptions,
    run: (call) => withStores(call, {}, add),
  });
  addCommand(shard, session, {
    usage: 'move <show>',
    summary: 'move a show to another shard: at once when it is quiet, else when its sale ends',
    examples: ['usher shard move 12 --to 3', 'usher shard move 12 --to 3 --now'],
    options: (command) => addMoveOptions(command).requiredOption('--to <shard>', 'its new shard'),
    run: (call) => withStores(call, {}, move),
  });
  addCommand(shard, session, {
    usage: 'rebalance',
    summary: 'move every show to where consistent hashing puts it, one after another',
    examples: ['usher shard rebalance', 'usher shard rebalance --now --json'],
    options: addMoveOptions,
    run: (call) => withStores(call, {}, rebalance),
  });
}

function addMoveOptions(command: Command): Command {
  return command.option(
    '--now',
    'move shows that sell too: each answers 503 for up to two seconds',
  );
}

async function withStores(
  call: Call,
  options: { mayMiss?: boolean },
  work: (stores: DirectStores, call: Call) => Promise<void>,
): Promise<undefined> {
  const stores = await openStores(call.context, { limits: lanesLimits, ...options });
  try {
    await work(stores, call);
  } catch (error) {
    throw storeError(error);
  } finally {
    await stores.close();
  }
  return undefined;
}

async function list({ catalog, shards }: DirectStores, { out }: Call): Promise<void> {
  const here = shards.ids();
  const results = await Promise.all(
    (await listShards(catalog)).map(async ({ shardId, name }) => {
      const isHere = here.includes(shardId);
      const load = isHere ? await readShardLoad(shards.byId(shardId)) : undefined;
      return {
        shard_id: shardId,
        name,
        state: isHere ? 'here' : 'away',
        shows: load?.shows ?? null,
        rows: load?.rows ?? null,
        requests_per_minute: load?.requestsPerMinute ?? null,
      };
    }),
  );
  const moves = (await listMoves(catalog)).map(moveJson);
  out.result({ results, moves }, () =>
    [
      table(
        ['shard', 'name', 'state', 'shows', 'rows (about)', 'requests a minute'],
        results.map((one) => [
          ...[one.shard_id, one.name, one.state, one.shows, one.rows, one.requests_per_minute],
        ]),
      ),
      ...(moves.length === 0 ? [] : [movesTable(moves)]),
    ].join('\n'),
  );
}

type MoveJson = ReturnType<typeof moveJson>;

function moveJson(one: Move) {
  return {
    show_id: String(one.showId),
    from: one.fromShard,
    to: one.toShard,
    state: one.state.toLowerCase(),
    note: one.note,
    planned_at: one.plannedAt.toISOString(),
  };
}

function movesTable(moves: MoveJson[]): string {
  return table(
    ['show', 'from', 'to', 'state', 'why it waits'],
    moves.map((one) => [one.show_id, one.from, one.to, one.state, one.note]),
  );
}

async function add(stores: DirectStores, call: Call): Promise<void> {
  const { catalog, config, secrets, shards } = stores;
  const url = call.args[0] ?? (await nextLocalUrl(stores, call));
  const shardId = await addShard(
    { catalog, catalogUrl: config.catalogUrl, secrets },
    { url, knownIds: shards.ids(), actor: localActor },
  ).catch((error) => {
    const isKnown = error instanceof ShardTakenError || error instanceof NoDatabaseError;
    throw isKnown ? refused('conflict', error.message) : error;
  });
  call.out.note(`Shard ${shardId} is there; programs join it within seconds.`);
  await delay(joinedAfterSeconds * 1_000);
  await rebalance(stores, call, { shard_id: shardId });
}

/** Beside the catalog's database, under the next number. */
export function localShardUrl(catalogUrl: string, knownIds: number[]): string {
  const url = new URL(catalogUrl);
  url.pathname = `/usher_shard_${Math.max(0, ...knownIds) + 1}`;
  return url.toString();
}

/** The next database on the server of a local Usher. */
async function nextLocalUrl({ catalog, config }: DirectStores, { context }: Call): Promise<string> {
  if (readLocalSettings(dataDirOf(context)) === null) {
    throw wrongUsage(
      'Give the URL of the database: usher shard add mysql://user:password@host/name',
    );
  }
  return localShardUrl(
    config.catalogUrl,
    // One that is away has its database too.
    (await listShards(catalog)).map(({ shardId }) => shardId),
  );
}

async function move(stores: DirectStores, { args, options, out }: Call): Promise<void> {
  const { shards } = stores;
  const showId = parseShowId(args[0] ?? '');
  const toShard = Number(options.to);
  if (showId === undefined)
    throw wrongUsage('Name a show by its number: usher shard move 12 --to 3');
  if (!shards.ids().includes(toShard)) {
    throw refused(
      'not_found',
      `There is no shard ${String(options.to)}; see \`usher shard list\`.`,
    );
  }
  const from = await shards.idOf(showId);
  if (from === undefined) throw refused('not_found', `There is no show ${showId}.`);
  if (from === toShard) throw refused('conflict', `Show ${showId} is on shard ${toShard} already.`);
  const plan = { showId, toShard, evenSelling: options.now === true, actor: localActor };
  await planWhenFree(stores, plan, out);
  await follow(stores, [showId], out, {});
}

/**
 * A show may move again once its old rows are gone, which is some seconds after it is served from
 * its new shard: waits for that, and helps where no processor runs.
 */
async function planWhenFree(
  { catalog, config, shards }: DirectStores,
  plan: Parameters<typeof planMove>[1],
  out: Out,
): Promise<void> {
  const mover = openMover(config.catalogUrl, { shards }, openLog('mover', 'silent'));
  const untilMs = Date.now() + freeMsMax;
  try {
    for (let told = false; !(await catalog.transaction((tx) => planMove(tx, plan))); told = true) {
      const { showId } = plan;
      if (!told) out.note(`show ${showId} was moved just now: waiting until that is cleared up`);
      if (Date.now() > untilMs) {
        throw refused(
          'conflict',
          `Show ${showId} has been on its way for ${freeMsMax / 1_000} s; see \`usher shard list\`.`,
        );
      }
      if (!(await mover.turn())) await delay(watchEveryMs);
    }
  } finally {
    await mover.close();
  }
}

async function rebalance(
  stores: DirectStores,
  { options, out }: Call,
  more: Record<string, unknown> = {},
): Promise<void> {
  const { catalog, shards } = stores;
  const plan = { shardIds: shards.ids(), evenSelling: options.now === true, actor: localActor };
  await follow(stores, await planRebalance(catalog, plan), out, more);
}

/**
 * Follows moves until they are done or wait for their sale. The processors make them; this command
 * helps where none runs, and may be stopped at any time.
 */
async function follow(
  { catalog, config, shards }: DirectStores,
  showIds: number[],
  out: Out,
  more: Record<string, unknown>,
): Promise<void> {
  const mover = openMover(config.catalogUrl, { shards }, openLog('mover', 'silent'));
  try {
    const left = new Set(showIds);
    let endedAtMs = Date.now();
    /** A busy show waits for its sale; one whose move failed is tried again for a while. */
    const isOver = (now: Move) => !now.evenSelling || Date.now() - endedAtMs > triesMsMax;
    const ended: MoveJson[] = [];
    while (left.size > 0) {
      if (!(await mover.turn())) await delay(watchEveryMs);
      for (const showId of left) {
        const now = await readMove(catalog, showId);
        const waits = now?.state === 'PLANNED' && now.note !== '' && isOver(now);
        if (now && !waits && now.state !== 'OPENED' && now.state !== 'DONE') continue;
        left.delete(showId);
        endedAtMs = Date.now();
        if (now) ended.push(moveJson(now));
        if (now) out.note(`show ${showId}: ${waits ? now.note : `on shard ${now.toShard}`}`);
      }
    }
    const waiting = ended.filter((one) => one.state === 'planned');
    out.result({ ...more, moved: ended.length - waiting.length, waiting }, () =>
      [
        `${ended.length - waiting.length} shows moved, ${waiting.length} wait.`,
        ...(waiting.length > 0 ? [movesTable(waiting)] : []),
      ].join('\n'),
    );
  } finally {
    await mover.close();
  }
}
