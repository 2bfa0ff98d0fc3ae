import { describe, expect, it } from '@jest/globals';
import { adviceOf } from './advice.js';

const quiet = {
  admittedPerMinute: 600,
  passSeconds: 30,
  reserveP99Ms: 20,
  programs: [
    { name: 'api', cores: 0.3 },
    { name: 'admission', cores: 0.02 },
    { name: 'processor', cores: 0.1 },
  ],
};

describe('the advice of a rehearsal', () => {
  it('raises the rate of a quiet sale, and the cap by how long passes are in use', () => {
    expect(adviceOf(quiet)).toEqual({
      rate_per_minute: 1_800,
      pass_cap: 1_170,
      processes: { api: 2, admission: 1, processor: 1 },
      why: 'nothing was near its limit',
    });
    expect(adviceOf({ ...quiet, passSeconds: 60 }).pass_cap).toBe(2_340);
  });

  it('lowers the rate when decisions were slow or a process was full', () => {
    expect(adviceOf({ ...quiet, reserveP99Ms: 400 }).rate_per_minute).toBe(300);
    const full = [{ name: 'processor', cores: 0.95 }];
    const advice = adviceOf({ ...quiet, programs: full });
    expect(advice.rate_per_minute).toBe(442);
    expect(advice.processes).toEqual({ processor: 2 });
    expect(advice.why).toContain('0.95');
  });
});
