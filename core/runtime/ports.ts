import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { pause } from './engines-process.js';

// Below the ports that systems give to outgoing connections (Linux: from 32768), so that no client
// takes the port of a server while it restarts.
const PRIVATE_PORTS = '20000-31999';
const PORT_PICKS_MAX = 200;
const SAME_PORT_MS_MAX = 15_000;
const POLL_MS = 25;

/** A loopback port that is free now: `preferred` if it is, else one by lot. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && preferred > 0 && (await isFree(preferred))) return preferred;
  const { first, last } = privatePorts();
  for (let picks = 0; picks < PORT_PICKS_MAX; picks += 1) {
    const port = randomInt(first, last + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port on 127.0.0.1 among ${PORT_PICKS_MAX} tried in ${first}-${last}.`);
}

/** Who starts much at once gives each a range of its own: two that pick at once may pick the same. */
function privatePorts(): { first: number; last: number } {
  const text = process.env.USHER_PRIVATE_PORTS || PRIVATE_PORTS;
  const [first = 0, last = 0] = /^\d{1,5}-\d{1,5}$/.test(text) ? text.split('-').map(Number) : [];
  if (first >= 1024 && first <= last && last <= 65_535) return { first, last };
  throw new Error(`USHER_PRIVATE_PORTS must be like ${PRIVATE_PORTS}, not '${text}'.`);
}

/** Different loopback ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/**
 * The port of a server that restarts, once it is free again: others already know that address.
 * Throws when somebody else keeps it.
 */
export async function samePort(port: number): Promise<number> {
  const until = Date.now() + SAME_PORT_MS_MAX;
  while (!(await isFree(port))) {
    if (Date.now() >= until) throw new Error(`Port ${port} is taken by another program.`);
    await pause(POLL_MS);
  }
  return port;
}

/** The first port at or after `first` that is free and not in `except`, looking at 50. */
export async function nextFreePort(
  first: number,
  except: ReadonlySet<number> = new Set(),
): Promise<number> {
  for (let port = first; port < first + 50 && port < 65_536; port += 1) {
    if (!except.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`Ports ${first} to ${first + 49} are all taken.`);
}

// Both loopback addresses: `localhost` in a browser may mean either. A machine without IPv6
// answers the second with another error than "in use".
async function isFree(port: number): Promise<boolean> {
  if (typeof (await listenOnce(port, '127.0.0.1')) === 'string') return false;
  return (await listenOnce(port, '::1')) !== 'EADDRINUSE';
}

function listenOnce(port: number, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
