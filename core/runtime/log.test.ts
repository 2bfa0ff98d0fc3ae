import { describe, expect, it } from '@jest/globals';
import { withoutValues } from './log.js';

describe('errors in the log', () => {
  it('leave out the statement and the values of a database error', () => {
    const error = Object.assign(new Error("Duplicate entry 'canary@fan.example' for key 'fans'"), {
      errno: 1062,
      sql: "INSERT INTO fans VALUES ('canary@fan.example')",
      sqlMessage: "Duplicate entry 'canary@fan.example' for key 'fans'",
    });
    const told = JSON.stringify(withoutValues(error));
    expect(told).not.toContain('canary');
    expect(told).toContain('1062');
  });

  it('keep message and stack of any other', () => {
    const told = withoutValues(new Error("no key 'k1'")) as { message: string; stack: string };
    expect(told.message).toBe("no key 'k1'");
    expect(told.stack).toContain('log.test');
  });
});
