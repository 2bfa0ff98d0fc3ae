import { describe, expect, it } from '@jest/globals';
import { createClock } from './clock.js';

const serverMs = Date.parse('2026-03-01T09:00:00.000Z');

describe('the server clock', () => {
  it('gets narrower with each answer', () => {
    let localMs = 0;
    const clock = createClock(() => localMs);
    const ask = (trueMs: number): void => {
      localMs = trueMs - serverMs;
      const header = new Date(Math.floor(trueMs / 1000) * 1000).toUTCString();
      clock.heard(header, localMs - 20, localMs + 20);
    };
    ask(serverMs + 100);
    expect(Math.abs(clock.now() - (serverMs + 100))).toBeLessThanOrEqual(520);
    ask(serverMs + 1950);
    ask(serverMs + 5040);
    expect(Math.abs(clock.now() - (serverMs + 5040))).toBeLessThanOrEqual(80);
  });

  it('starts anew when a clock was set', () => {
    let localMs = serverMs;
    const clock = createClock(() => localMs);
    clock.heard(new Date(serverMs).toUTCString(), localMs, localMs);
    localMs += 3_600_000;
    clock.heard(new Date(serverMs + 5000).toUTCString(), localMs, localMs);
    expect(Math.abs(clock.now() - (serverMs + 5000))).toBeLessThanOrEqual(1000);
  });

  it('ignores an answer without a date', () => {
    const clock = createClock(() => 5);
    clock.heard(null, 0, 0);
    expect(clock.now()).toBe(5);
  });
});
