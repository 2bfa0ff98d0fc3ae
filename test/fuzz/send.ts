import { Agent, request } from 'node:http';
import type { Case } from './cases.js';

export type Answer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  tookMs: number;
};

const answerMsMax = 15_000;
const answerCharsMax = 5_000_000;

export type Sender = {
  /** @throws Error when no answer comes. */
  send(one: Case): Promise<Answer>;
  close(): void;
};

/** Sends calls as they are: paths and headers that fetch would mend or refuse go out unmended. */
export function openSender(url: string): Sender {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  return {
    send: ({ operation, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const startedMs = performance.now();
        const call = request(
          {
            ...{ hostname, port, agent, path },
            method: operation.method.toUpperCase(),
            headers: { ...headers, ...(body ? { 'content-length': body.length } : {}) },
            timeout: answerMsMax,
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', (chunk: string) => {
              if (text.length < answerCharsMax) text += chunk;
            });
            response.on('error', reject);
            response.on('end', () => {
              const tookMs = performance.now() - startedMs;
              resolve({
                ...{ status: response.statusCode ?? 0, headers: response.headers },
                ...{ text, tookMs },
              });
            });
          },
        );
        call.on('timeout', () => call.destroy(new Error(`no answer in ${answerMsMax} ms`)));
        call.on('error', reject);
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
}
