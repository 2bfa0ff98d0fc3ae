import { parseArgs } from 'node:util';
import { type Scenario, scenarios } from './plan.js';
import type { Wish } from './scenario.js';

export class WrongUsage extends Error {}

export type Options = {
  wish: Wish;
  target: string | undefined;
  owned: boolean;
  sales: string[];
  report: string | undefined;
  clientLog: string | undefined;
  json: boolean;
};

export const usage = `Usage: usher loadtest premiere|rush|room|browse|reserve [options]

  premiere  fans gather before the opening and buy through the whole journey
  rush      everyone at once on one show
  room      the waiting room alone: join, wait, be admitted
  browse    single reading calls, as fast as they are answered
  reserve   single reserve calls, each for seats of its own

  --fans N              how many fans (premiere 1000)
  --shows N             shows of the sale (20; a rush has one)
  --seats N             seats of each show (200)
  --seed TEXT           the same seed gives the same fans (usher)
  --over SECONDS        how long fans keep arriving
  --rate N              admissions a minute
  --lobby arrival|draw  how the room orders those who came before the opening
  --max-seconds N       the run ends then, wherever its fans are (300)
  --target URL          a running Usher instead of a private one
  --sale SALE           which of its sales; may be repeated
  --i-own-this-target   needed for a target that is not this machine
  --report FILE         writes one HTML page with charts
  --client-log FILE     writes every call and push as JSON lines, for the auditor
  --json                the report as JSON

Examples:
  usher loadtest premiere --fans 5000 --shows 20 --report premiere.html
  usher loadtest rush --fans 2000 --json
`;

const fansMax = 200_000;

/** Undefined asks for help. @throws WrongUsage */
export function readWish(args: string[]): Options | undefined {
  const { values, positionals } = read(args);
  const [name = ''] = positionals;
  if (values.help || name === '') return undefined;
  const scenario = scenarios.find((one) => one === name);
  if (!scenario) throw new WrongUsage(`there is no scenario ${name}: ${scenarios.join(', ')}`);
  if (values.lobby !== 'arrival' && values.lobby !== 'draw') {
    throw new WrongUsage('--lobby is arrival or draw');
  }
  const over = values.over === undefined ? undefined : whole('--over', values.over, 3_600) * 1_000;
  return {
    wish: {
      scenario,
      fans: whole('--fans', values.fans ?? usualFans[scenario], fansMax),
      shows: whole('--shows', values.shows, 1_000),
      seats: whole('--seats', values.seats, 4_000),
      seed: values.seed,
      overMs: over,
      ratePerMinute:
        values.rate === undefined ? undefined : whole('--rate', values.rate, 1_000_000),
      lobby: values.lobby,
      msMax: whole('--max-seconds', values['max-seconds'], 86_400) * 1_000,
    },
    target: values.target,
    owned: values['i-own-this-target'],
    sales: values.sale,
    report: values.report,
    clientLog: values['client-log'],
    json: values.json,
  };
}

const usualFans: Record<Scenario, string> = {
  premiere: '1000',
  rush: '1000',
  room: '2000',
  browse: '20000',
  reserve: '5000',
};

function read(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        fans: { type: 'string' },
        shows: { type: 'string', default: '20' },
        seats: { type: 'string', default: '200' },
        seed: { type: 'string', default: 'usher' },
        over: { type: 'string' },
        rate: { type: 'string' },
        lobby: { type: 'string', default: 'arrival' },
        'max-seconds': { type: 'string', default: '300' },
        target: { type: 'string' },
        sale: { type: 'string', multiple: true, default: [] },
        'i-own-this-target': { type: 'boolean', default: false },
        report: { type: 'string' },
        'client-log': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new WrongUsage((error as Error).message);
  }
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new WrongUsage(`${name} is a whole number from 1 to ${most}`);
  }
  return value;
}
