import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { UsherError } from '../core/domain/errors.js';
import { parseWith } from './register.js';

const schema = z.strictObject({ seats: z.array(z.string().max(2)).optional() });

function refusalOf(value: unknown): UsherError {
  try {
    parseWith(schema, value, 'body');
  } catch (error) {
    if (error instanceof UsherError) return error;
  }
  throw new Error('it was not refused');
}

describe('a refused body', () => {
  it('is told by the first of its faults, however many it has', () => {
    const fields = Array.from({ length: 2_000 }, (_, no) => [`k${no}${'x'.repeat(500)}`, 1]);
    const unknown = refusalOf(Object.fromEntries(fields));
    expect(unknown.code).toBe('unknown_field');
    expect(JSON.stringify(unknown.toProblem()).length).toBeLessThan(5_000);
    const many = refusalOf({ seats: Array(10_000).fill('A-1') });
    expect(many.code).toBe('malformed');
    expect(many.extra.faults).toHaveLength(20);
    expect(JSON.stringify(many.toProblem()).length).toBeLessThan(5_000);
  });
});
