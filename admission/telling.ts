import { UsherError } from '../core/domain/errors.js';
import type { Tokens } from '../core/runtime/tokens.js';
import type { PassRow } from '../core/store/catalog/admission.js';
import type { Sale } from '../core/store/catalog/sales.js';
import type { FanPlace, RoomFigures } from './answers.js';
import { etaSeconds } from './numbers.js';

/** A fan's place, in the contract's form. */
export type Place = {
  sale_id: string;
  state: 'lobby' | 'waiting' | 'admitted' | 'away' | 'done';
  /** From 1; null in the lobby of a drawn sale, while a room is restored, and on standing sales. */
  place: number | null;
  /** People who are served before; null where `place` may not be told. */
  ahead: number | null;
  eta_seconds: { low: number; high: number } | null;
  receipt?: string;
  pass?: string;
  pass_expires_at?: string;
};

type Signing = Pick<Tokens, 'signPass' | 'signReceipt' | 'readReceipt'>;
type Ask = { saleId: string; fanId: string };

/** A fan's place in the contract's words, with a fresh receipt and the pass if there is one. */
export function tellPlace(
  tokens: Signing,
  sale: Sale,
  fanId: string,
  found: FanPlace,
  figures: RoomFigures | undefined,
): Place {
  const { saleId } = sale;
  const hidden = (found.lobby && sale.lobby === 'draw') || found.restoring;
  const waits = waitingKinds.has(found.kind);
  const endless = found.kind === 'e';
  const ahead = hidden ? null : endless ? endlessAhead(found) : found.ahead;
  const told: Place = {
    sale_id: saleId,
    state: stateOf(found),
    place: hidden || endless || found.rank === null ? null : found.rank + 1,
    ahead,
    eta_seconds: waits && !endless && !found.lobby ? etaSeconds(ahead, figures) : null,
  };
  if (waits && found.score !== null) {
    // Anyone can read a receipt, and a score in the lobby of a draw would tell the place.
    const score = found.lobby && sale.lobby === 'draw' ? 0 : found.score;
    told.receipt = tokens.signReceipt({ saleId, fanId, epoch: sale.epoch, score });
  }
  if (found.kind === 'a' && !found.over) {
    Object.assign(told, passFields(tokens, { saleId, fanId }, found.pass, found.expiresMs));
  }
  return told;
}

const waitingKinds = new Set<FanPlace['kind']>(['w', 'q', 'y', 'p', 'e']);

function stateOf(found: FanPlace): Place['state'] {
  if (found.over) return 'done';
  if (!waitingKinds.has(found.kind)) return 'admitted';
  if (found.kind === 'y') return 'away';
  return found.lobby ? 'lobby' : 'waiting';
}

/** A banned account sees a line that never ends, so that its owner does not learn to use another. */
function endlessAhead({ ahead, score }: Pick<FanPlace, 'ahead' | 'score'>): number {
  const least = 20;
  const spread = 60;
  return Math.max(ahead, least + ((score ?? 0) % spread));
}

/** A banned account's place where nobody else waits. */
export function endlessPlace({ saleId, fanId }: Ask): Place {
  const score = fanId.charCodeAt(0) + fanId.charCodeAt(1);
  const ahead = endlessAhead({ ahead: 0, score });
  return { sale_id: saleId, state: 'waiting', place: null, ahead, eta_seconds: null };
}

/** The place of somebody whose pass is known from SQL alone. */
export function passPlace(tokens: Signing, ask: Ask, pass: PassRow): Place {
  return {
    sale_id: ask.saleId,
    state: pass.live ? 'admitted' : 'done',
    place: null,
    ahead: pass.live ? 0 : null,
    eta_seconds: null,
    ...(pass.live ? passFields(tokens, ask, pass.passId, pass.expiresAtMs) : {}),
  };
}

function passFields(
  tokens: Signing,
  { saleId, fanId }: Ask,
  passId: string,
  expiresAtMs: number,
): Pick<Place, 'pass' | 'pass_expires_at'> {
  return {
    pass: tokens.signPass({ passId, fanId, saleId, expiresAtMs }),
    pass_expires_at: new Date(expiresAtMs).toISOString(),
  };
}

/** The score that a receipt proves; `lobby` for one that doesn't tell it yet. */
export type Receipt = number | 'lobby' | null;

/** @throws UsherError `not_acceptable` for a receipt of somebody else, elsewhere or damaged. */
export function readReceipt(tokens: Signing, sale: Sale, ask: Ask & { receipt?: string }): Receipt {
  if (!ask.receipt) return null;
  const refusal = new UsherError(
    'not_acceptable',
    'This receipt is not yours or not of this sale. Join without it.',
  );
  try {
    const claims = tokens.readReceipt(ask.receipt);
    if (claims.fanId !== ask.fanId || claims.saleId !== ask.saleId) throw refusal;
    if (claims.score === 0) return sale.lobby === 'draw' ? 'lobby' : null;
    return claims.score;
  } catch {
    throw refusal;
  }
}
