import type { Catalog } from '../../domain/catalog-file-types.js';
import type { LayoutSeat } from '../../domain/layout.js';
import {
  type CatalogRow,
  comparable,
  differingColumns,
  rowsOf,
  type SectionName,
  sectionOrder,
  tables,
} from './catalog-rows.js';

/** Something in a sound file that what is stored forbids. */
export type ImportFault = {
  /** Where in the file: list, index from 0 (none for shows, which unfold from entries), field. */
  path: (string | number)[];
  /** The entry's key. */
  key: string;
  message: string;
};

/** What is stored of the entries of a file. */
export type Stored = {
  nowMs: number;
  rows: Record<SectionName, Map<string, CatalogRow>>;
  /** Seats of halls, in seat order. */
  seats: Map<string, LayoutSeat[]>;
};

export type SectionChange = { insert: CatalogRow[]; update: CatalogRow[]; same: number };

/** Everything that one import would write to the catalog. */
export type ImportPlan = {
  sections: Record<SectionName, SectionChange>;
  layouts: { hallId: string; seats: LayoutSeat[]; isNew: boolean }[];
  faults: ImportFault[];
  /** What the file says and the import leaves as it is, and why. */
  notes: string[];
};

/** Fields of a rush that hold from its opening on: fans have been told, or have acted on them. */
const frozenByOpening = [
  ...['standing', 'opens_at', 'rate_per_minute', 'pass_cap', 'pass_seconds', 'seat_cap'],
  ...[
    'sale_cap',
    'card_cap',
    'orphan_rule',
    'price_rules',
    'hold_seconds',
    'hold_limit_seconds',
    'payment_seconds',
    'refund_until_hours',
  ],
  ...['refund_fee_percent', 'booking_fee', 'tax_rate_bp', 'message', 'offer_seconds'],
  'offers_stop_minutes',
];
/** A lobby that people stand in keeps its order. */
const frozenByLobby = ['lobby', 'lobby_opens_at'];

/** Compares a file with what is stored. Pure: reads and writes nothing. */
export function planImport(catalog: Catalog, stored: Stored): ImportPlan {
  const plan: ImportPlan = {
    sections: Object.fromEntries(
      sectionOrder.map((section) => [section, { insert: [], update: [], same: 0 }]),
    ) as unknown as ImportPlan['sections'],
    layouts: layoutsOf(catalog, stored),
    faults: [],
    notes: [],
  };
  for (const section of sectionOrder) {
    rowsOf(catalog, section).forEach((row, index) => {
      planRow({ catalog, stored, plan }, section, row, index);
    });
  }
  return plan;
}

type Planning = { catalog: Catalog; stored: Stored; plan: ImportPlan };

function planRow(planning: Planning, section: SectionName, given: CatalogRow, index: number): void {
  const { stored, plan } = planning;
  const { key, columns } = tables[section];
  const change = plan.sections[section];
  const before = stored.rows[section].get(String(given[key]));
  if (!before) {
    change.insert.push(given);
    return;
  }
  if (before.state === 'CANCELLED') {
    change.same += 1;
    return;
  }
  const wanted = { ...given };
  if (section === 'sales') keepOfSale(planning, wanted, before, index);
  if (section === 'shows') keepOfShow(planning, wanted, before, index);
  if (differingColumns(columns, wanted, before).length > 0) change.update.push(wanted);
  else change.same += 1;
}

function keepOfSale(
  { catalog, stored, plan }: Planning,
  wanted: CatalogRow,
  before: CatalogRow,
  index: number,
): void {
  const opened = isPast(before.opens_at, stored.nowMs);
  const lobbyOpened = before.lobby_opens_at === null || isPast(before.lobby_opens_at, stored.nowMs);
  const standing = before.standing === 1;
  const relative = catalog.sales[index]?.opens_at_relative ?? false;
  // Times that count from the import took effect when the sale was made.
  if (relative) keep(wanted, before, ['opens_at', 'lobby_opens_at']);
  if (catalog.sales[index]?.message === null) keep(wanted, before, ['message']);
  const name = `sale ${String(wanted.sale_id)}`;
  if (opened && !standing) {
    note(plan, wanted, before, frozenByOpening, `${name} has opened`);
  }
  if ((opened || lobbyOpened) && !standing) {
    note(plan, wanted, before, frozenByLobby, `the lobby of ${name} has opened`);
  }
  if (standing) {
    note(plan, wanted, before, ['opens_at', 'lobby_opens_at', 'standing'], `${name} is open`);
    // A cap that begins later would not know of the seats that fans have already.
    for (const cap of ['sale_cap', 'card_cap']) {
      if (before[cap] === null) note(plan, wanted, before, [cap], `${name} is open`);
    }
  }
}

function keepOfShow(
  { catalog, plan }: Planning,
  wanted: CatalogRow,
  before: CatalogRow,
  index: number,
): void {
  const key = String(wanted.show_key);
  for (const column of differingColumns(['sale_id', 'hall_id', 'currency'], wanted, before)) {
    const field = column.replace('_id', '');
    plan.faults.push({
      path: ['shows'],
      key,
      message: `show ${key} has ${field} ${String(before[column])} and can't change to ${String(wanted[column])}: give the show another key`,
    });
  }
  if (catalog.shows[index]?.starts_at_relative) keep(wanted, before, ['starts_at']);
  if (before.sale_opened === 1) {
    note(plan, wanted, before, ['movie_id', 'starts_at'], `the sale of show ${key} has opened`);
    if (before.sale_standing !== 1) {
      note(plan, wanted, before, ['prices', 'price_from'], `the sale of show ${key} has opened`);
    }
  }
}

/** Takes the stored value and tells so where the file says another. */
function note(
  plan: ImportPlan,
  wanted: CatalogRow,
  before: CatalogRow,
  columns: string[],
  why: string,
): void {
  for (const column of differingColumns(columns, wanted, before)) {
    plan.notes.push(`${why}: ${column} stays ${shown(column, before)}`);
  }
  keep(wanted, before, columns);
}

function keep(wanted: CatalogRow, before: CatalogRow, columns: string[]): void {
  for (const column of columns) wanted[column] = before[column] ?? null;
}

function shown(column: string, row: CatalogRow): string {
  const value = row[column];
  return value instanceof Date ? value.toISOString() : comparable(column, value);
}

function isPast(value: unknown, nowMs: number): boolean {
  return value instanceof Date && value.getTime() <= nowMs;
}

function layoutsOf(catalog: Catalog, stored: Stored): ImportPlan['layouts'] {
  return catalog.halls.flatMap((hall) => {
    const before = stored.seats.get(hall.key);
    if (before && seatsText(before) === seatsText(hall.seats)) return [];
    return [{ hallId: hall.key, seats: hall.seats, isNew: before === undefined }];
  });
}

function seatsText(seats: readonly LayoutSeat[]): string {
  return seats
    .map((seat) =>
      [seat.seat_no, seat.seat, seat.row, seat.row_no, seat.x, seat.zone, seat.kind].join('|'),
    )
    .join('\n');
}
