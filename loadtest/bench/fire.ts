import autocannon from 'autocannon';

export type Measured = { per_second: number; p50_ms: number; p99_ms: number; failed: number };
/** One HTTP call of a bench. */
export type Call = { headers: Record<string, string>; body: string };

/** Sends each call once: the first ones to warm up, the others measured. */
export async function fire(
  target: number | string,
  path: string,
  calls: Call[],
  settings: { connections: number; warmUp: number; rate?: number },
): Promise<Measured> {
  const { connections, warmUp, ...rest } = settings;
  if (warmUp > 0) await send(target, path, calls.slice(0, warmUp), { connections });
  return send(target, path, calls.slice(warmUp), { connections, ...rest });
}

/**
 * As fast as the connections allow, or at a given rate. Each connection has its own calls, built
 * before the clock starts: building one while the servers are measured would take their processor.
 */
function send(
  target: number | string,
  path: string,
  calls: Call[],
  settings: { connections: number; rate?: number },
): Promise<Measured> {
  const { rate } = settings;
  const connections = Math.min(settings.connections, calls.length);
  const hands = Array.from({ length: connections }, (_, hand) =>
    calls.filter((_call, index) => index % connections === hand),
  );
  return new Promise((resolve, reject) => {
    let startedMs = performance.now();
    let answeredMs = startedMs;
    const running = autocannon(
      {
        url: urlOf(target),
        connections,
        amount: calls.length,
        timeout: 60,
        ...(rate === undefined ? {} : { overallRate: Math.round(rate) }),
        setupClient: (client) =>
          client.setRequests((hands.shift() ?? []).map((call) => toRequest(path, call))),
      },
      (error, result) => {
        if (error) return reject(error);
        resolve({
          per_second: (result['2xx'] / Math.max(1, answeredMs - startedMs)) * 1_000,
          p50_ms: result.latency.p50,
          p99_ms: result.latency.p99,
          failed: result.non2xx + result.errors,
        });
      },
    );
    running.on('start', () => {
      startedMs = performance.now();
    });
    // The generator ends on a whole second: the last answer is what ends the measuring.
    running.on('response', () => {
      answeredMs = performance.now();
    });
  });
}

/** Reads one path so many times, as fast as the connections allow. */
export function fireGet(
  target: string,
  path: string,
  settings: { connections: number; amount: number },
): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    const url = new URL(path, urlOf(target)).href;
    autocannon({ url, timeout: 60, ...settings }, (error, result) => {
      if (error) return reject(error);
      resolve({
        per_second: (result['2xx'] / (performance.now() - startedMs)) * 1_000,
        p50_ms: result.latency.p50,
        p99_ms: result.latency.p99,
        failed: result.non2xx + result.errors,
      });
    });
  });
}

/** A port of this machine, or a whole address. */
function urlOf(target: number | string): string {
  return typeof target === 'number' ? `http://127.0.0.1:${target}` : target;
}

function toRequest(path: string, call: Call): autocannon.Request {
  const headers = { 'content-type': 'application/json', ...call.headers };
  return { method: 'POST', path, headers, body: call.body };
}
