import { describe, expect, it } from '@jest/globals';
import { distanceKm, parseLatLong } from './geo.js';

describe('places', () => {
  it('are as far apart as on a globe', () => {
    const mumbai = [19.076, 72.8777] as const;
    expect(distanceKm(mumbai, mumbai)).toBe(0);
    expect(distanceKm(mumbai, [28.6139, 77.209])).toBeCloseTo(1_153, -1);
    expect(distanceKm([0, 179.5], [0, -179.5])).toBeCloseTo(111.2, 0);
  });

  it('are read from text only when they are on earth', () => {
    expect(parseLatLong('19.0760, 72.8777')).toEqual([19.076, 72.8777]);
    for (const text of ['91,0', '0,181', '1', '', 'a,b', '1,2,3']) {
      expect(parseLatLong(text)).toBeUndefined();
    }
  });
});
