import { parseArgs } from 'node:util';

/** The real sale's settings, as the command line read them from the running Usher. */
export type Rehearsal = {
  saleId: string;
  shows: number;
  seats: number;
  lobby: 'arrival' | 'draw';
  ratePerMinute: number;
  passCap: number;
  passSeconds: number;
  seatCap: number;
  holdSeconds: number;
  fans: number;
  /** Milliseconds over which the fans come. */
  overMs: number;
  msMax: number;
  seed: string;
  json: boolean;
};

const fansMax = 50_000;

/** @throws Error with a sentence for people. */
export function readRehearsal(args: string[]): Rehearsal {
  const { values } = parseArgs({
    args,
    options: {
      sale: { type: 'string', default: 'sale' },
      shows: { type: 'string' },
      seats: { type: 'string' },
      lobby: { type: 'string', default: 'arrival' },
      rate: { type: 'string' },
      'pass-cap': { type: 'string' },
      'pass-seconds': { type: 'string' },
      'seat-cap': { type: 'string' },
      'hold-seconds': { type: 'string' },
      fans: { type: 'string', default: '1000' },
      over: { type: 'string', default: '20' },
      'max-seconds': { type: 'string', default: '300' },
      seed: { type: 'string', default: 'usher' },
      json: { type: 'boolean', default: false },
    },
  });
  const whole = (name: keyof typeof values, most: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new Error(`--${name} is a whole number from 1 to ${most}.`);
    }
    return value;
  };
  return {
    saleId: values.sale,
    shows: whole('shows', 1_000),
    seats: whole('seats', 1_000_000),
    lobby: values.lobby === 'draw' ? 'draw' : 'arrival',
    ratePerMinute: whole('rate', 1_000_000),
    passCap: whole('pass-cap', 1_000_000),
    passSeconds: whole('pass-seconds', 86_400),
    seatCap: whole('seat-cap', 1_000),
    holdSeconds: whole('hold-seconds', 86_400),
    fans: whole('fans', fansMax),
    overMs: whole('over', 3_600) * 1_000,
    msMax: whole('max-seconds', 7_200) * 1_000,
    seed: values.seed,
    json: values.json,
  };
}
