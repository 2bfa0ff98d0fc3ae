import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What Prometheus reads from `/metrics`. Labels are codes and routes, never ids or persons. */
export type Metrics = {
  registry: Registry;
  reserve: Histogram<'outcome'>;
  calls: Counter<'route' | 'status'>;
};

const reserveSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

export function openMetrics(sockets: () => number, depth: () => number): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'usher_' });
  new Gauge({
    name: 'usher_sockets',
    help: 'Pages connected to this process',
    registers: [registry],
    collect() {
      this.set(sockets());
    },
  });
  new Gauge({
    name: 'usher_accept_depth',
    help: 'Requests that wait for the journal commit',
    registers: [registry],
    collect() {
      this.set(depth());
    },
  });
  return {
    registry,
    reserve: new Histogram({
      name: 'usher_reserve_seconds',
      help: 'Time from a reserve call to its answer',
      labelNames: ['outcome'],
      buckets: reserveSeconds,
      registers: [registry],
    }),
    calls: new Counter({
      name: 'usher_calls_total',
      help: 'Answered calls',
      labelNames: ['route', 'status'],
      registers: [registry],
    }),
  };
}
