// Loaded into one program before it: from a signal on its calendar clock is wrong by so many
// milliseconds, while its timers and its monotonic clock run true. Programs refuse to start with a
// wrong clock, so it jumps while they run.
const jumpMs = Number(process.env.USHER_SHIFT_CLOCK_MS ?? 0);
let shiftMs = 0;
process.on('SIGUSR2', () => {
  shiftMs = jumpMs;
});
const TrueDate = Date;

class ShiftedDate extends TrueDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(TrueDate.now() + shiftMs);
    else super(...(args as ConstructorParameters<typeof Date>));
  }

  static override now(): number {
    return TrueDate.now() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
