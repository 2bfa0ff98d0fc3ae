import { createHmac } from 'node:crypto';
import type { FanPlace, Picked } from '../admission/answers.js';
import { Broken, fanIdOf, fanOf, type Settings } from './step.js';

/** What an onlooker knows of somebody who waits. */
type Waiting = { score: number; place: number | null; presentUntilMs: number };

type Moment = {
  nowMs: number;
  isSelling: boolean;
  isLive: (passId: string) => boolean;
};

/** How long a page may be silent before its fan may be passed over, by a clock 5 s behind at most. */
const graceMs = 55_000;
const minuteMs = 60_000;

/**
 * A plain reading of what the waiting room promises: lists and loops, and no line of the room's
 * own. It sees what fans are told and who is picked, and says when that breaks a promise.
 */
export class RoomReference {
  private readonly settings: Settings;
  private readonly opensAtMs: number;
  private readonly seed: Buffer;
  private readonly waiting = new Map<number, Waiting>();
  private readonly inHand = new Set<string>();
  private readonly turns = new Set<string>();
  private pickedAtMs: number[] = [];
  private rate: number;
  private isOpen = false;

  constructor(settings: Settings, opensAtMs: number, seed: Buffer) {
    this.settings = settings;
    this.opensAtMs = opensAtMs;
    this.seed = seed;
    this.rate = settings.ratePerMinute;
  }

  /** How many still wait for their turn. */
  get left(): number[] {
    return [...this.waiting.keys()];
  }

  /** A sale opens by Redis's clock, once: what the clock does later doesn't shut it. */
  sawClock(redisMs: number): void {
    this.isOpen ||= redisMs >= this.opensAtMs;
  }

  joined(fan: number, answer: FanPlace, nowMs: number): void {
    if (answer.created) this.waiting.delete(fan);
    this.looked(fan, answer, nowMs);
    const isDrawn = answer.created && answer.lobby && this.settings.lobby === 'draw';
    if (isDrawn && answer.score !== this.lotOf(fan)) {
      throw new Broken('the draw is by the seed', `fan ${fan} got ${answer.score}`);
    }
    const places = [...this.waiting.values()].map(({ score }) => score);
    if (new Set(places).size !== places.length) {
      throw new Broken('no place is given twice', places.join(' '));
    }
  }

  looked(fan: number, answer: FanPlace, nowMs: number): void {
    if (answer.kind === 'a' && answer.pass) this.inHand.add(answer.pass);
    const isWaiting = !answer.over && ['w', 'q', 'y'].includes(answer.kind);
    if (!isWaiting || answer.score === null) {
      this.waiting.delete(fan);
      return;
    }
    const known = this.waiting.get(fan);
    const place = answer.lobby || answer.rank === null ? null : answer.rank + 1;
    if (known && known.score !== answer.score) {
      throw new Broken('a place is kept', `fan ${fan} had ${known.score}, has ${answer.score}`);
    }
    if (known?.place && place && known.place !== place) {
      throw new Broken('a place is kept', `fan ${fan} was ${known.place}, is ${place}`);
    }
    if (place && answer.ahead >= place) {
      throw new Broken('ahead is less than the place', `fan ${fan}: ${answer.ahead} of ${place}`);
    }
    this.waiting.set(fan, { score: answer.score, place, presentUntilMs: nowMs + graceMs });
  }

  gone(fan: number): void {
    this.waiting.delete(fan);
  }

  /** Another rate begins another minute. */
  rateChanged(ratePerMinute: number): void {
    this.rate = ratePerMinute;
    this.pickedAtMs = [];
  }

  ticked(all: Picked[], moment: Moment): void {
    const picks = all.filter(({ passId }) => !this.turns.has(passId));
    if (picks.length === 0) return;
    for (const { passId } of picks) this.turns.add(passId);
    if (!moment.isSelling || !this.isOpen) {
      throw new Broken('nobody is let in while nothing is sold', picks[0]?.fanId ?? '');
    }
    this.checkOrder(picks, moment.nowMs);
    this.checkRate(picks.length, moment.nowMs);
    const live = [...this.inHand].filter(moment.isLive).length;
    if (live + picks.length > this.settings.passCap) {
      throw new Broken('live passes stay below their cap', `${live} and ${picks.length} more`);
    }
    for (const { fanId } of picks) this.waiting.delete(fanOf(fanId));
  }

  private checkOrder(picks: Picked[], nowMs: number): void {
    const scores = picks.map(({ score }) => score);
    const turn = new Set(picks.map(({ fanId }) => fanOf(fanId)));
    for (const fan of turn) {
      if (!this.waiting.has(fan)) throw new Broken('one turn for a place', `fan ${fan}`);
    }
    const last = Math.max(...scores);
    for (const [fan, { score, presentUntilMs }] of this.waiting) {
      if (turn.has(fan) || score > last || presentUntilMs < nowMs) continue;
      throw new Broken('nobody present is overtaken', `fan ${fan} at ${score} by ${last}`);
    }
    if (scores.some((score, at) => score < (scores[at - 1] ?? 0))) {
      throw new Broken('turns go by place', scores.join(' '));
    }
  }

  private checkRate(count: number, nowMs: number): void {
    this.pickedAtMs.push(...Array.from({ length: count }, () => nowMs));
    this.pickedAtMs = this.pickedAtMs.filter((atMs) => atMs > nowMs - minuteMs);
    if (this.pickedAtMs.length > this.rate) {
      const told = `${this.pickedAtMs.length} in a minute, ${this.rate} allowed`;
      throw new Broken('no minute lets in more than the rate', told);
    }
  }

  /** As anybody would work it out from the published seed: the first 13 hex digits. */
  private lotOf(fan: number): number {
    const digest = createHmac('sha256', this.seed).update(fanIdOf(fan)).digest('hex');
    return Number.parseInt(digest.slice(0, 13), 16);
  }
}
