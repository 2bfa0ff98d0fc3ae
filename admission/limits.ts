/** Every bound of the waiting room, with its unit. */
export const limits = {
  /** Time between two ticks of a room. */
  tickMs: 100,
  /** At most this much of the rate may be let in at once, beside the one that always may. */
  burstMs: 200,
  /** Most heads of the line that one tick looks at. */
  headsMax: 1_000,
  /** How often a room's numbers are told to everybody. */
  announceMs: 1_000,
  /** How old the numbers that a process tells may be. */
  roomCacheMs: 1_000,
  /** How old the settings of a sale that a process goes by may be. */
  saleCacheMs: 1_000,
  /** A slot stays taken for this long after its pass: clock differences and the way of the news. */
  leaseLeewayMs: 15_000,
  /** How long a restored room only takes receipts before it admits again. */
  restoreMs: 60_000,
  /** The same for a room that lacks a second of joins at most. */
  restoreShortMs: 3_000,
  /** Sequence numbers reserved in SQL at a time; a new block comes when half of one is used. */
  seqBlock: 100_000,
  /** Admissions put into a restored room at a time. */
  loadRows: 1_000,
  /** Tries of one restoring that meets others. */
  restoreTriesMax: 80,
  restoreRetryMs: 100,
  /** How long one process may take from its claim to the beginning of the building. */
  restoreClaimMs: 5_000,
  /** How often a process learns of revoked passes. */
  revokedMs: 1_000,
  /** Commits may become visible this much later than the time they carry. */
  revokedOverlapMs: 10_000,
  /** Fans whose turn is this near, at the rate that is set, are called: their pages show life. */
  nearMs: 120_000,
  /** A call or a sign of life counts this long; who is silent then steps aside at the turn. */
  graceMs: 60_000,
  /** The same for phones and hidden pages, which browsers put to sleep. */
  graceLongMs: 240_000,
  /** How long a place is kept for somebody who stepped aside, to be served first. */
  keptMs: 900_000,
  keptLongMs: 3_600_000,
  /** When a fan may ask again while the room can't be asked. */
  retrySeconds: 3,
  /** Members of a roster that are kept together. */
  rosterPage: 10_000,
  /** Members of a roster that one call to Redis tells: a few milliseconds of its time. */
  rosterPart: 2_000,
  /** How often the roster is read on before the opening. */
  rosterMs: 1_000,
  /** How often finished rooms are looked for, and how many go at a time. */
  pruneMs: 60_000,
  pruneSalesMax: 20,
  /** How long a room is kept after its last show; one without a whole roster in SQL longer. */
  roomDaysKept: 7,
  roomDaysKeptUnproven: 30,
} as const;
