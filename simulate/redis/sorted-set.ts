type Entry = { member: string; score: number };

/** A sorted set of Redis: by score, then by member. */
export class SortedSet {
  private readonly scores = new Map<string, number>();
  private readonly order: Entry[] = [];

  get size(): number {
    return this.order.length;
  }

  score(member: string): number | undefined {
    return this.scores.get(member);
  }

  /** True when the member is new. */
  add(member: string, score: number): boolean {
    const before = this.scores.get(member);
    if (before === score) return false;
    if (before !== undefined) this.delete(member);
    this.scores.set(member, score);
    this.order.splice(this.placeOf({ member, score }), 0, { member, score });
    return before === undefined;
  }

  delete(member: string): boolean {
    const score = this.scores.get(member);
    if (score === undefined) return false;
    this.order.splice(this.placeOf({ member, score }), 1);
    return this.scores.delete(member);
  }

  rank(member: string): number | undefined {
    const score = this.scores.get(member);
    return score === undefined ? undefined : this.placeOf({ member, score });
  }

  range(from: number, to: number): Entry[] {
    return this.order.slice(from, to + 1);
  }

  /** How many have a score below, or at most, this one. */
  count(score: number, included: boolean): number {
    return this.order.filter((entry) => entry.score < score || (included && entry.score === score))
      .length;
  }

  /** The first place at which an entry is not before this one. */
  private placeOf(wanted: Entry): number {
    let [low, high] = [0, this.order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.order[middle];
      if (entry && isBefore(entry, wanted)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.score === right.score ? left.member < right.member : left.score < right.score;
}
