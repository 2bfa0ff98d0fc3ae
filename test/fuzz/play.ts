import type { World } from '../support/world.js';
import { type Case, curlOf } from './cases.js';
import { changedTables, restingFootprint } from './footprint.js';
import { judge } from './judge.js';
import { type Answer, openSender } from './send.js';

export type Finding = { call: string; how: string; wrong: string[]; curl: string; told: string };
/** Where calls go, and whose tables tell what they did. */
export type Target = Pick<World, 'url' | 'stores'>;
type Played = { one: Case; answer: Answer | undefined; error: string | undefined };

/** Refusals that leave a row because a row is what they are about. */
function mayWrite(one: Case, { status }: Answer): boolean {
  if (status < 400) return one.operation.method !== 'get';
  // The attempt to pay is on record, whatever came of it.
  return status === 402 || (status === 503 && one.operation.path === '/api/v1/confirm');
}

/**
 * Sends the cases at once, judges each answer, and sees that those that were refused left nothing:
 * where others of the batch may have written, the refused ones are sent again by themselves.
 */
export async function playBatch(world: Target, cases: Case[]): Promise<Finding[]> {
  const sender = openSender(world.url);
  try {
    const before = await restingFootprint(world);
    const played = await sendAll(sender, cases);
    const findings = played.flatMap((one) => findingsOf(world, one));
    let changed = changedTables(before, await restingFootprint(world));
    let refused = played.filter(isWithoutEffect).map(({ one }) => one);
    if (changed.length === 0 || refused.length === 0) return findings;
    const isMixed = played.length > refused.length;
    if (isMixed) {
      const again = await replay(world, sender, refused);
      ({ changed } = again);
      refused = again.refused;
    }
    if (changed.length === 0) return findings;
    return [...findings, ...(await blame(world, sender, refused))];
  } finally {
    sender.close();
  }
}

type Sender = ReturnType<typeof openSender>;

async function sendAll(sender: Sender, cases: Case[]): Promise<Played[]> {
  return Promise.all(
    cases.map(async (one): Promise<Played> => {
      try {
        return { one, answer: await sender.send(one), error: undefined };
      } catch (error) {
        return { one, answer: undefined, error: (error as Error).message };
      }
    }),
  );
}

function isWithoutEffect({ one, answer }: Played): boolean {
  return answer !== undefined && !mayWrite(one, answer);
}

async function replay(
  world: Target,
  sender: Sender,
  cases: Case[],
): Promise<{ refused: Case[]; changed: string[] }> {
  const before = await restingFootprint(world);
  const played = await sendAll(sender, cases);
  const changed = changedTables(before, await restingFootprint(world));
  const refused = played.filter(isWithoutEffect).map(({ one }) => one);
  // What the first round made true may let one of them through now.
  return refused.length === cases.length || changed.length === 0
    ? { refused, changed }
    : replay(world, sender, refused);
}

/** Finds which refused call writes, by sending each alone. */
async function blame(world: Target, sender: Sender, cases: Case[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const one of cases) {
    const before = await restingFootprint(world);
    const [played] = await sendAll(sender, [one]);
    const changed = changedTables(before, await restingFootprint(world));
    if (!played || changed.length === 0 || !isWithoutEffect(played)) continue;
    findings.push(found(world, played, [`was refused and changed ${changed.join(', ')}`]));
  }
  return findings;
}

function findingsOf(world: Target, played: Played): Finding[] {
  const { one, answer, error } = played;
  const wrong = answer ? judge(one, answer) : [`no answer: ${error}`];
  return wrong.length > 0 ? [found(world, played, wrong)] : [];
}

function found(world: Target, { one, answer }: Played, wrong: string[]): Finding {
  return {
    call: one.operation.name,
    ...{ how: `${one.how}, by ${one.who}`, wrong },
    curl: curlOf(world.url, one),
    told: answer ? `${answer.status} ${answer.text.slice(0, 500)}` : '',
  };
}
