import { hash } from 'node:crypto';

const handleBytes = 16;
const scoreBytes = 8;
export const entryBytes = handleBytes + scoreBytes;
const fanBytes = 12;
const keyBytes = scoreBytes + fanBytes;
const firstRoom = 8;

/** The public name of a fan in one sale's roster: it tells nobody who that is elsewhere. */
function handleOf(saleId: string, fanId: string): Buffer {
  return hash('sha256', `${saleId}|${fanId}`, 'buffer').subarray(0, handleBytes);
}

/** Members whose scores lie together: what they are ordered by, and what is published of them. */
type Bucket = { size: number; keys: Buffer; entries: Buffer };

/** A roster that is kept in the order of score and fan while its members come and go. */
export type RosterBook = {
  readonly size: number;
  /** Adding a member who is there changes nothing, nor does taking out one who isn't. */
  add(fanId: string, score: number): void;
  remove(fanId: string, score: number): void;
  /** The published bytes, in pages of so many entries. */
  pages(entries: number): Generator<Buffer>;
};

/** @param width how many numbers share a bucket: about a hundred members, so that each is found soon. */
export function openRosterBook(saleId: string, width: number): RosterBook {
  const buckets = new Map<number, Bucket>();
  const key = Buffer.alloc(keyBytes);
  let size = 0;
  const find = (fanId: string, score: number): { bucket: Bucket; at: number; there: boolean } => {
    const no = Math.floor(score / width);
    const bucket = buckets.get(no) ?? emptyBucket();
    buckets.set(no, bucket);
    key.writeBigUInt64BE(BigInt(score), 0);
    key.write(fanId.padEnd(fanBytes, '\0'), scoreBytes, fanBytes, 'latin1');
    return { bucket, ...search(bucket, key) };
  };
  return {
    get size() {
      return size;
    },
    add: (fanId, score) => {
      const { bucket, at, there } = find(fanId, score);
      if (there) return;
      const entry = Buffer.concat([handleOf(saleId, fanId), key.subarray(0, scoreBytes)]);
      insert(bucket, at, { key, entry });
      size += 1;
    },
    remove: (fanId, score) => {
      const { bucket, at, there } = find(fanId, score);
      if (!there) return;
      bucket.keys.copyWithin(at * keyBytes, (at + 1) * keyBytes, bucket.size * keyBytes);
      bucket.entries.copyWithin(at * entryBytes, (at + 1) * entryBytes, bucket.size * entryBytes);
      bucket.size -= 1;
      size -= 1;
    },
    pages: (entries) => pagesOf(buckets, entries * entryBytes),
  };
}

function emptyBucket(): Bucket {
  return {
    size: 0,
    keys: Buffer.alloc(firstRoom * keyBytes),
    entries: Buffer.alloc(firstRoom * entryBytes),
  };
}

/** The place of a key; the end is looked at first, since arrivals come in order. */
function search({ keys, size }: Bucket, key: Buffer): { at: number; there: boolean } {
  const compare = (at: number): number =>
    keys.compare(key, 0, keyBytes, at * keyBytes, (at + 1) * keyBytes);
  let low = 0;
  let high = size;
  if (size > 0 && compare(size - 1) < 0) low = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compare(middle);
    if (order === 0) return { at: middle, there: true };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { at: low, there: false };
}

function insert(bucket: Bucket, at: number, { key, entry }: { key: Buffer; entry: Buffer }): void {
  const { size } = bucket;
  if (bucket.keys.length === size * keyBytes) {
    bucket.keys = Buffer.concat([bucket.keys, Buffer.alloc(size * keyBytes)]);
    bucket.entries = Buffer.concat([bucket.entries, Buffer.alloc(size * entryBytes)]);
  }
  bucket.keys.copyWithin((at + 1) * keyBytes, at * keyBytes, size * keyBytes);
  bucket.entries.copyWithin((at + 1) * entryBytes, at * entryBytes, size * entryBytes);
  key.copy(bucket.keys, at * keyBytes);
  entry.copy(bucket.entries, at * entryBytes);
  bucket.size += 1;
}

function* pagesOf(buckets: Map<number, Bucket>, pageBytes: number): Generator<Buffer> {
  let page = Buffer.allocUnsafe(pageBytes);
  let at = 0;
  for (const no of [...buckets.keys()].sort((a, b) => a - b)) {
    const bucket = buckets.get(no);
    const bytes = (bucket?.size ?? 0) * entryBytes;
    for (let from = 0; from < bytes; ) {
      const copied = bucket?.entries.copy(page, at, from, bytes) ?? 0;
      from += copied;
      at += copied;
      if (at < pageBytes) continue;
      yield page;
      page = Buffer.allocUnsafe(pageBytes);
      at = 0;
    }
  }
  if (at > 0) yield page.subarray(0, at);
}
