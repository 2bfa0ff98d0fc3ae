import { describe, expect, it } from '@jest/globals';
import { pagePolicy } from './app.js';

describe("the page's content policy", () => {
  it("lets Stripe's script, frames and calls in where Stripe takes the payment", () => {
    const policy = pagePolicy({ apiBase: undefined, publishableKey: undefined });
    expect(policy['script-src']).toContain('https://js.stripe.com');
    expect(policy['frame-src']).toContain('https://hooks.stripe.com');
    expect(policy['connect-src']).toContain('https://api.stripe.com');
  });

  it('lets nothing of Stripe in otherwise, but the frame of who takes it', () => {
    const policy = pagePolicy({ apiBase: 'http://127.0.0.1:12111', publishableKey: undefined });
    expect(JSON.stringify(policy)).not.toContain('stripe.com');
    expect(policy['script-src']).toEqual(["'self'"]);
    expect(policy['frame-src']).toContain('http://127.0.0.1:12111');
  });
});
