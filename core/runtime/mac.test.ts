import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openMac } from './mac.js';

describe('the message authentication code', () => {
  it('is that of RFC 4231, test cases 1, 2 and 6', () => {
    const cases: [Buffer, string, string][] = [
      [
        Buffer.alloc(20, 0x0b),
        'Hi There',
        'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
      ],
      [
        Buffer.from('Jefe'),
        'what do ya want for nothing?',
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      ],
      [
        Buffer.alloc(131, 0xaa),
        'Test Using Larger Than Block-Size Key - Hash Key First',
        '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
      ],
    ];
    for (const [key, text, mac] of cases) expect(openMac(key)(text).toString('hex')).toBe(mac);
  });

  it('is what the platform computes, for keys and texts of every length', () => {
    for (let length = 0; length < 200; length += 1) {
      const key = randomBytes(length);
      const text = `${randomBytes(length).toString('base64url')}ü`;
      const mac = openMac(key);
      mac('an earlier text leaves no trace');
      expect(mac(text)).toEqual(createHmac('sha256', key).update(text).digest());
    }
  });
});
