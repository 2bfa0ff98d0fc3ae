import { connect } from 'node:net';
import { judgeProblem } from './judge.js';

const answerMsMax = 5_000;
const line = 'POST /api/v1/reserve HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** Bytes that are no HTTP, or HTTP that means two things at once. */
export const brokenRequests: Record<string, string | Buffer> = {
  noise: Buffer.from(Array.from({ length: 400 }, (_, no) => (no * 37) % 256)),
  'another protocol': '*1\r\n$4\r\nPING\r\n',
  'a version of its own': 'GET / HTTP/9.9\r\n\r\n',
  'an unknown verb': 'STEAL /api/v1/sales HTTP/1.1\r\nHost: x\r\n\r\n',
  'a NUL in the path': 'GET /api\u0000/v1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'a NUL in a header': 'GET / HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n',
  'headers of 20 kB': `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  'a path of 20 kB': `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'two lengths': `${line}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
  'length and chunks': `${line}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a negative length': `${line}Content-Length: -1\r\n\r\n{}`,
  'a length that is none': `${line}Content-Length: 1e3\r\n\r\n{}`,
  'a chunk without size': `${line}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
  'another verb for sockets':
    'PUT /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'a header without name': 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n',
};

/** What is wrong with how the server answers broken HTTP: a refusal in our form, then the end. */
export async function wireFaults(url: string): Promise<string[]> {
  const faults = await Promise.all(
    Object.entries(brokenRequests).map(async ([name, bytes]) => {
      const text = await exchange(url, bytes);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
      if (status < 400 || status >= 500) return [`${name}: ${text.slice(0, 60) || 'no answer'}`];
      const [head = '', body = ''] = text.split(/\r\n\r\n(.*)/s);
      const type = /^content-type: (.*)$/im.exec(head)?.[1];
      const wrong = judgeProblem({
        status,
        text: body,
        headers: { 'content-type': type },
        tookMs: 0,
      });
      return wrong.map((one) => `${name}: ${one}`);
    }),
  );
  return faults.flat();
}

/** Everything that comes back until the connection ends. */
async function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(answerMsMax, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}
