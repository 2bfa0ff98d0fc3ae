import { describe, expect, it } from '@jest/globals';
import { fc } from '../../test/support/draws.js';
import {
  formatId,
  formatShowId,
  formatTicketId,
  type IdKind,
  parseId,
  parseShowId,
  parseTicketId,
} from './ids.js';

const kinds: IdKind[] = ['request', 'reservation', 'booking', 'payment'];
const anyShowId = fc.integer({ min: 1, max: 4_294_967_295 });
const anyNo = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe('ids', () => {
  it('come back as they went out, whatever their size', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), anyShowId, anyNo, (kind, showId, no) => {
        expect(parseId(kind, formatId(kind, { showId, no }))).toEqual({ showId, no });
      }),
    );
  });

  it('are read only as the kind that they are', () => {
    const id = formatId('request', { showId: 7, no: 9 });
    expect(id).toBe('req_7_9');
    for (const kind of kinds.filter((one) => one !== 'request')) {
      expect(parseId(kind, id)).toBeUndefined();
    }
  });

  it('keep the show, the booking and the seat of a ticket', () => {
    fc.assert(
      fc.property(anyShowId, anyNo, fc.integer({ min: 0, max: 46_655 }), (showId, no, seatNo) => {
        const ticket = { showId, no, seatNo };
        expect(parseTicketId(formatTicketId(ticket))).toEqual(ticket);
      }),
    );
  });

  it.each([
    '',
    'req',
    'req__',
    'req_0_1',
    'req_1_0',
    'req_1_1_1',
    'REQ_1_1',
    'req_zzzzzzz_1',
    'req_1_zzzzzzzzzzz',
    'req_1_-1',
    'req_1_1 ',
    "req_1_1' OR 1=1",
    'req_1_1\n',
  ])('says no to %j', (text) => {
    expect(parseId('request', text)).toBeUndefined();
  });

  it('never throws and never reads what it would not write', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 24 }), (text) => {
        const ref = parseId('request', text);
        const ticket = parseTicketId(text);
        if (ref) expect(parseId('request', formatId('request', ref))).toEqual(ref);
        if (ticket) expect(parseTicketId(formatTicketId(ticket))).toEqual(ticket);
      }),
    );
  });
});

describe('show ids', () => {
  it('are decimal', () => {
    fc.assert(
      fc.property(anyShowId, (showId) => {
        expect(parseShowId(formatShowId(showId))).toBe(showId);
      }),
    );
  });

  it.each(['0', '01', '-1', '1.5', '1e3', ' 1', '1 ', '4294967296', '99999999999', 'x', ''])(
    'are not %j',
    (text) => {
      expect(parseShowId(text)).toBeUndefined();
    },
  );
});
