import { expect, it } from '@jest/globals';
import { instant } from './format.js';

it("tells a moment on the cinema's clock where one is named", () => {
  expect(instant('2026-12-21T15:30:00Z', 'Asia/Kuwait')).toMatch(/21.*(18|0?6):30/);
  expect(instant('2026-12-21T15:30:00Z', 'Asia/Tokyo')).toMatch(/22.*(00|24|12):30/);
});
