import autocannon from 'autocannon';

export type Measured = { per_second: number; p50_ms: number; p99_ms: number; failed: number };
/** One HTTP call of a bench. */
export type Call = { headers: Record<string, string>; body: string };

/** Sends each call once: the first ones to warm up, the others measured. */
export async function fire(
  port: number,
  path: string,
  calls: Call[],
  settings: { connections: number; warmUp: number; rate?: number },
): Promise<Measured> {
  const { connections, warmUp, ...rest } = settings;
  await send(port, path, calls.slice(0, warmUp), { connections });
  return send(port, path, calls.slice(warmUp), { connections, ...rest });
}

/**
 * As fast as the connections allow, or at a given rate. Each connection has its own calls, built
 * before the clock starts: building one while the servers are measured would take their processor.
 */
function send(
  port: number,
  path: string,
  calls: Call[],
  settings: { connections: number; rate?: number },
): Promise<Measured> {
  const { connections, rate } = settings;
  const hands = Array.from({ length: connections }, (_, hand) =>
    calls.filter((_call, index) => index % connections === hand),
  );
  return new Promise((resolve, reject) => {
    let startedMs = performance.now();
    const running = autocannon(
      {
        url: `http://127.0.0.1:${port}`,
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
          per_second: (result['2xx'] / (performance.now() - startedMs)) * 1_000,
          p50_ms: result.latency.p50,
          p99_ms: result.latency.p99,
          failed: result.non2xx + result.errors,
        });
      },
    );
    running.on('start', () => {
      startedMs = performance.now();
    });
  });
}

function toRequest(path: string, call: Call): autocannon.Request {
  const headers = { 'content-type': 'application/json', ...call.headers };
  return { method: 'POST', path, headers, body: call.body };
}
