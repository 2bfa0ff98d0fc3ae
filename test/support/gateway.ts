import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '../../core/runtime/ports.js';

/** A database behind an address that nobody listens at until the gateway is opened. */
export type Gateway = { url: string; open(): Promise<void>; close(): Promise<void> };

export async function gatewayTo(url: string): Promise<Gateway> {
  const [port = 0] = await freePorts(1);
  const target = new URL(url);
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  return {
    url: through.toString(),
    open: async () => {
      server = createServer((from) => {
        const to = connect({ port: Number(target.port || 3306), host: target.hostname });
        for (const [one, other] of [
          [from, to],
          [to, from],
        ] as const) {
          sockets.add(one);
          one.on('error', () => other.destroy());
          one.on('close', () => {
            sockets.delete(one);
            other.destroy();
          });
          one.pipe(other);
        }
      });
      await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
      server = undefined;
    },
  };
}
