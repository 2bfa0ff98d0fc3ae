import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomOf } from '../../loadtest/crowd/random.js';
import { type Opened, openWorld, type World } from '../support/world.js';
import { foreignCases, goodCase, hostileCase } from './cases.js';
import { commandLines, judgeRun, leavesOf, openShell, typed, wholeProgram } from './commands.js';
import { changedTables, footprint, restingFootprint } from './footprint.js';
import { logFaults } from './judge.js';
import { type Finding, playBatch } from './play.js';
import { connect, hostileAuth, hostileEvent, postPackets, settled } from './sockets.js';
import { type Stage, setStage } from './stage.js';
import { hostileText } from './values.js';
import { wireFaults } from './wire.js';

const seed = process.env.USHER_FUZZ_SEED ?? 'usher';
/** Hostile calls of each route. */
const depth = Number(process.env.USHER_FUZZ_DEPTH ?? 3);
const only = new RegExp(process.env.USHER_FUZZ_ONLY ?? '');
const batchSize = 40;
/** What ends things, and would leave the other calls nothing to do. */
const isLast = /^delete|(close|cancel|erase|drain|pause|ban|release|leave)$/;

describe(`hostile input, seed ${seed}`, () => {
  let opened: Opened;
  let world: World;
  let stage: Stage;

  beforeAll(async () => {
    opened = await openWorld({ programs: ['api', 'processor', 'sandbox'], shows: 5 });
    world = opened.world;
    stage = await setStage(world, seed);
    // From here on nothing but answers writes, so that every changed row has an answer to blame.
    await world.program('processor').kill('SIGTERM');
  }, 60_000);
  afterAll(() => opened.close());

  it('is answered by every route with a refusal that leaves no trace', async () => {
    const { operations, makingOf } = stage;
    const chosen = operations
      .filter(({ name }) => only.test(name))
      .sort((one, other) => Number(isLast.test(one.name)) - Number(isLast.test(other.name)));
    const each = (count: number, make: typeof hostileCase) =>
      chosen.flatMap((operation) =>
        Array.from({ length: count }, () => make(operation, makingOf(operation))),
      );
    // Good calls close sales and cancel shows, so much of the rest comes before them.
    const cases = [
      ...chosen.flatMap((operation) => foreignCases(operation, makingOf(operation), depth)),
      ...each(Math.ceil(depth / 2), hostileCase),
      ...each(1, goodCase),
      ...each(Math.floor(depth / 2), hostileCase),
    ];
    const findings: Finding[] = [];
    for (let at = 0; at < cases.length; at += batchSize) {
      findings.push(...(await playBatch(world, cases.slice(at, at + batchSize))));
      expect((await fetch(`${world.url}/healthz`)).status).toBe(200);
    }
    expect(findings.map(textOf)).toEqual([]);
    expect(logFaults(world.program('api').log())).toEqual([]);
  }, 600_000);

  it('that is no HTTP is refused in the same form', async () => {
    expect(await wireFaults(world.url)).toEqual([]);
    expect((await fetch(`${world.url}/healthz`)).status).toBe(200);
  });

  it('reaches the sockets and hurts nobody but who sends it', async () => {
    const random = randomOf(`${seed} sockets`);
    const token = String(stage.callers.fan?.authorization).replace('Bearer ', '');
    const before = await restingFootprint(world);
    const bystander = connect(world.url, { token });
    expect(await settled(bystander)).toBe('connected');
    for (let turn = 0; turn < depth * 5; turn += 1) {
      const stranger = connect(world.url, hostileAuth(random));
      expect(await settled(stranger)).toBe('refused');
      const guest = connect(world.url, { token });
      expect(await settled(guest)).toBe('connected');
      for (let no = 0; no < 12 && guest.connected; no += 1) {
        const { event, args } = hostileEvent(random);
        const acknowledge = random.chance(0.5) ? [() => undefined] : [];
        try {
          guest.emit(event, ...args, ...acknowledge);
        } catch (error) {
          // Names that the client keeps for itself do not leave it.
          expect(String(error)).toMatch(/is a reserved event name/);
        }
      }
      expect(await postPackets(world.url, random)).toBeLessThan(500);
      stranger.close();
      guest.close();
    }
    const told = await bystander.timeout(5_000).emitWithAck('watch', { sale_id: 'desk' });
    expect(told).toEqual({ ok: true });
    bystander.close();
    expect(changedTables(before, await restingFootprint(world))).toEqual([]);
    expect(logFaults(world.program('api').log())).toEqual([]);
  }, 300_000);

  it('is told by every command what to do, with one of four exit codes', async () => {
    const token = String(stage.callers.admin?.authorization).replace('Bearer ', '');
    const shell = openShell(world, token);
    const wrong: string[] = [];
    try {
      let last = await restingFootprint(world);
      for (const leaf of leavesOf(wholeProgram()).filter(({ name }) => only.test(name))) {
        const random = randomOf(`${seed} ${leaf.name}`);
        const lines = commandLines(leaf, Math.ceil(depth / 3), { known: stage.known, random });
        for (const argv of lines) {
          const ran = await shell.run(argv, hostileText(random));
          const now = await footprint(world);
          const changed = ran.code === 0 ? [] : changedTables(last, now);
          last = ran.code === 0 ? await restingFootprint(world) : now;
          const faults = judgeRun(ran);
          if (changed.length > 0) faults.push(`exit ${ran.code} and changed ${changed.join(', ')}`);
          if (faults.length > 0) wrong.push(`${typed(argv)}: ${faults.join('; ')}\n${ran.err}`);
        }
      }
    } finally {
      shell.close();
    }
    expect(wrong).toEqual([]);
  }, 600_000);

  it('leaves books in which the auditor finds nothing', async () => {
    await world.stores.catalog.change('DELETE FROM lane_pauses');
    await world.start('processor');
    await world.settles();
    for (const name of ['api', 'processor'] as const) {
      expect(logFaults(world.program(name).log())).toEqual([]);
    }
  });
});

function textOf({ call, how, wrong, curl, told }: Finding): string {
  return `${call} (${how}): ${wrong.join('; ')}\n${curl}\n${told}\n`;
}
