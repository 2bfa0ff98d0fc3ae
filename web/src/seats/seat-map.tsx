import { Component } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { money, zoneName } from '../lib/format.js';
import { allSeats, neighbour, seatName, seatNumber, stepFor, zonesOf } from '../lib/seat-model.js';
import type { Seat, SeatMap, SeatRow } from '../lib/types.js';
import { Icon } from '../parts/icon.js';

interface Props {
  map: SeatMap;
  chosen: string[];
  onToggle: (seat: string) => void;
}

const zoomSizes = [0, 26, 34, 44];

/**
 * The hall from above. One tab stop: arrow keys walk from seat to seat, Enter or Space chooses. A finger or
 * mouse chooses directly; when the whole hall is fitted into a small screen, the first tap comes closer.
 */
export function SeatMapView({ map, chosen, onToggle }: Props) {
  const [zoom, setZoom] = useState(0);
  const tapped = useRef<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [fit, setFit] = useState(26);
  const edges = useMemo(() => extent(map), [map.show_id]);
  const orders = useMemo(() => zoneOrders(map), [map.show_id]);
  const [active, setActive] = useState(() => firstFree(map));

  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    const measure = (): void =>
      setFit(Math.max(9, Math.min(34, (box.clientWidth - 60) / edges.columns)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [edges.columns]);
  const size = zoom === 0 ? fit : (zoomSizes[zoom] ?? fit);
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const near = tapped.current;
    tapped.current = null;
    if (near === null) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
    else centre(box, cellOf(box, near));
  }, [size]);

  const press = (event: KeyboardEvent): void => {
    const step = stepFor(event.key, event.ctrlKey);
    if (step !== null) {
      event.preventDefault();
      focusOn(scroller.current, neighbour(map.rows, active, step));
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      choose(active);
    }
  };
  const choose = (seatId: string): void => {
    const seat = allSeats(map).find((each) => each.seat === seatId);
    if (seat?.state === 'free' || chosen.includes(seatId)) onToggle(seatId);
  };
  const tap = (seatId: string): void => {
    setActive(seatId);
    if (size >= 18 || !window.matchMedia('(pointer: coarse)').matches) {
      choose(seatId);
      return;
    }
    tapped.current = seatId;
    setZoom(2);
  };
  return (
    <div class="map">
      <Zoom zoom={zoom} onChange={setZoom} />
      <div class={`map-scroll${zoom === 0 ? '' : ' map-close'}`} ref={scroller}>
        <div class="map-hall" style={{ '--seat': `${size}px`, '--columns': String(edges.columns) }}>
          <div class="map-screen" aria-hidden="true">
            <span>Screen</span>
          </div>
          {/* biome-ignore lint/a11y/useSemanticElements: a table can't place seats at any x. */}
          <div class="map-grid" role="grid" aria-label={gridName} tabIndex={-1} onKeyDown={press}>
            {map.rows.map((row, index) => (
              <RowView
                key={row.row}
                row={row}
                band={bandOf(row, map.rows[index - 1])}
                left={edges.left}
                orders={orders}
                active={row.seats.some((seat) => seat.seat === active) ? active : ''}
                chosen={chosenIn(row, chosen)}
                onTap={tap}
                onFocus={setActive}
              />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

const gridName = 'Seats. Arrow keys move from seat to seat, Enter chooses.';

function focusOn(box: HTMLElement | null, seat: string): void {
  const cell = cellOf(box, seat);
  cell?.focus();
  cell?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** Brings the tapped seat to the middle of the frame, and the frame into the window. */
function centre(box: HTMLElement, cell: HTMLElement | null): void {
  cell?.scrollIntoView({ block: 'center', inline: 'center' });
  box.scrollIntoView({ block: 'nearest' });
}

function cellOf(box: HTMLElement | null, seat: string): HTMLElement | null {
  return box?.querySelector<HTMLElement>(`[data-seat="${CSS.escape(seat)}"]`) ?? null;
}

interface RowProps {
  row: SeatRow;
  band: string | null;
  left: number;
  orders: Map<string, number>;
  active: string;
  /** The chosen seats of this row, joined, so that rows can be compared cheaply. */
  chosen: string;
  onTap: (seat: string) => void;
  onFocus: (seat: string) => void;
}

/** One row. In a rush most pushes touch a few rows of many, so the others are not drawn again. */
class RowView extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { row, active, chosen, left } = this.props;
    return (
      next.row !== row || next.active !== active || next.chosen !== chosen || next.left !== left
    );
  }

  override render({ row, band, left, orders, active, chosen }: RowProps) {
    return (
      <>
        {band !== null && (
          <div class="map-band" aria-hidden="true">
            {band}
          </div>
        )}
        {/* biome-ignore lint/a11y/useSemanticElements: a table can't place seats at any x. */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: the seats in the row take the focus. */}
        <div class="map-row" role="row" aria-label={`Row ${row.row}`}>
          <span class="map-row-name" aria-hidden="true">
            {row.row}
          </span>
          <span class="map-row-seats" role="presentation">
            {row.seats.map((seat) => this.seat(seat, { left, orders, active, chosen }))}
          </span>
          <span class="map-row-name" aria-hidden="true">
            {row.row}
          </span>
        </div>
      </>
    );
  }

  private seat(seat: Seat, at: Pick<RowProps, 'left' | 'orders' | 'active' | 'chosen'>) {
    const mine = at.chosen.split(' ').includes(seat.seat);
    const zone = (at.orders.get(seat.zone) ?? 0) % 5;
    const look = mine ? 'mine' : seat.state;
    const name = seatName(this.props.row.row, seat, mine);
    return (
      // biome-ignore lint/a11y/useSemanticElements: a table can't place seats at any x.
      // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it hears the keys.
      <span
        key={seat.seat}
        class={`seat seat-${look} zone-${zone}${seat.kind === undefined ? '' : ` seat-${seat.kind}`}`}
        style={{ '--x': String(seat.x - at.left) }}
        role="gridcell"
        tabIndex={seat.seat === at.active ? 0 : -1}
        aria-label={name}
        aria-selected={mine}
        aria-disabled={seat.state !== 'free' && !mine}
        title={name}
        data-seat={seat.seat}
        onClick={() => this.props.onTap(seat.seat)}
        onFocus={() => this.props.onFocus(seat.seat)}
      >
        {mine ? <Icon name="check" /> : <span class="seat-number">{seatNumber(seat)}</span>}
      </span>
    );
  }
}

function Zoom({ zoom, onChange }: { zoom: number; onChange: (zoom: number) => void }) {
  return (
    <div class="map-zoom">
      <button
        type="button"
        class="button-round"
        disabled={zoom === 0}
        onClick={() => onChange(zoom - 1)}
      >
        <Icon name="minus" />
        <span class="unseen">Show more of the hall</span>
      </button>
      <button
        type="button"
        class="button-round"
        disabled={zoom === zoomSizes.length - 1}
        onClick={() => onChange(zoom + 1)}
      >
        <Icon name="plus" />
        <span class="unseen">Come closer</span>
      </button>
    </div>
  );
}

function extent(map: SeatMap): { left: number; columns: number } {
  const xs = allSeats(map).map((seat) => seat.x);
  const left = Math.min(...xs);
  return { left, columns: Math.max(...xs) - left + 1 };
}

function zoneOrders(map: SeatMap): Map<string, number> {
  return new Map(zonesOf(map).map((zone) => [zone.zone, zone.order]));
}

function firstFree(map: SeatMap): string {
  const all = allSeats(map);
  return (all.find((seat) => seat.state === 'free') ?? all[0])?.seat ?? '';
}

function chosenIn(row: SeatRow, chosen: string[]): string {
  return chosen.filter((seat) => row.seats.some((each) => each.seat === seat)).join(' ');
}

/** The caption above a row where another zone begins. */
function bandOf(row: SeatRow, before: SeatRow | undefined): string | null {
  const first = row.seats[0];
  if (first === undefined || first.zone === before?.seats[0]?.zone) return null;
  return `${zoneName(first.zone)} · ${money(first.price)}`;
}
