import { describe, expect, it } from '@jest/globals';
import { csvText } from './csv.js';

describe('a table for spreadsheets', () => {
  it('quotes what would break a line', () => {
    expect(csvText(['a', 'b'], [['x,y', 'he said "no"\nand left']])).toBe(
      'a,b\r\n"x,y","he said ""no""\nand left"\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])(
    'keeps %j from being a formula',
    (text) => {
      const [, line = ''] = csvText(['a'], [[text]]).split('\r\n', 2);
      expect(line.replace(/^"/, '')).toMatch(/^'/);
    },
  );

  it('leaves numbers numbers, negative ones too, and nothing empty', () => {
    expect(csvText(['a', 'b', 'c'], [[-48_000, null, true]])).toBe('a,b,c\r\n-48000,,true\r\n');
  });
});
