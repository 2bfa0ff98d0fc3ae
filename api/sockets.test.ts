// What pages are pushed about a show, over real sockets, whatever order the news comes in.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { createSecretsFile, loadSecrets } from '../core/runtime/secrets.js';
import { openTokens } from '../core/runtime/tokens.js';
import { connect, settled } from '../test/fuzz/sockets.js';
import { until } from '../test/support/until.js';
import type { ApiDeps } from './deps.js';
import { openSockets, type Sockets } from './sockets.js';

type Push = {
  from_version: number;
  version: number;
  changes: [string, string][];
  price_version?: number;
};

describe('pushes of seats and prices', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-sockets-'));
  const http = createServer();
  let sockets: Sockets;
  let page: Socket;
  let pushes: Push[];
  let showId = 0;

  beforeAll(async () => {
    createSecretsFile(join(folder, 'secrets.json'));
    const secrets = loadSecrets({ dataDir: folder, secretsFile: undefined, production: false });
    const tokens = openTokens(secrets);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    sockets = openSockets(http, { tokens, config: { publicUrl: url } } as unknown as ApiDeps);
    const expiresAtMs = Date.now() + 600_000;
    page = connect(url, { token: tokens.signSession({ fanId: 'fan', epoch: 1, expiresAtMs }) });
    expect(await settled(page)).toBe('connected');
    page.on('seats', (push: Push & { show_id: string }) => {
      if (push.show_id === showId.toString(36)) pushes.push(push);
    });
  });
  afterAll(async () => {
    page.disconnect();
    await sockets.close();
    http.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    page.emit('unwatch', { show_id: showId.toString(36) });
    showId += 1;
    pushes = [];
    await page.emitWithAck('watch', { show_id: showId.toString(36) });
  });

  const hear = (version: number, seat: string | null, price?: number): void => {
    const changes: [string, string][] = seat === null ? [] : [[seat, 'held']];
    const prices = price === undefined ? {} : { price_version: price };
    sockets.heard({ kind: 'seats', show_id: showId, version, changes, ...prices });
  };
  const pushed = async (count: number): Promise<Push[]> => {
    await until(() => pushes.length >= count, { what: `${count} pushes` });
    return pushes;
  };

  it('joins what comes together, and keeps the last state of a seat', async () => {
    hear(5, 'A-1');
    hear(6, 'A-2', 2);
    const [push] = await pushed(1);
    const changes = [
      ['A-1', 'held'],
      ['A-2', 'held'],
    ];
    expect(push).toMatchObject({ from_version: 4, version: 6, changes, price_version: 2 });
  });

  it('tells new prices although no seat moved, as a version that no page has', async () => {
    hear(5, 'A-1', 1);
    await pushed(1);
    hear(6, null, 2);
    const [, push] = await pushed(2);
    expect(push).toMatchObject({ from_version: 6, version: 6, changes: [], price_version: 2 });
  });

  it('never lets older prices stand for newer ones that they come with', async () => {
    hear(6, 'A-1', 3);
    hear(5, 'A-2', 2);
    hear(4, null, 1);
    const [push] = await pushed(1);
    expect(push).toMatchObject({
      ...{ from_version: 5, version: 6, changes: [['A-1', 'held']], price_version: 3 },
    });
  });

  it('pushes neither seats nor prices after newer ones that were pushed', async () => {
    hear(6, 'A-1', 3);
    await pushed(1);
    hear(6, 'A-1');
    hear(5, 'A-2', 2);
    hear(6, null, 3);
    hear(4, null, 1);
    // What comes next is the only thing that is pushed, so nothing of these was.
    hear(7, 'A-3');
    const [, next] = await pushed(2);
    expect(next).toMatchObject({ from_version: 6, version: 7, changes: [['A-3', 'held']] });
    expect(next).not.toHaveProperty('price_version');
  });

  it('lets newer prices through that were held up behind newer seats', async () => {
    hear(5, 'A-1', 1);
    await pushed(1);
    hear(7, 'A-2');
    hear(6, null, 2);
    const [, push] = await pushed(2);
    expect(push).toMatchObject({
      ...{ from_version: 6, version: 7, changes: [['A-2', 'held']], price_version: 2 },
    });
    hear(6, null, 3);
    const [, , later] = await pushed(3);
    expect(later).toMatchObject({ from_version: 7, version: 7, changes: [], price_version: 3 });
  });

  it('sends what it has before a gap, so that the page sees where something is missing', async () => {
    hear(5, 'A-1');
    hear(7, 'A-2');
    const both = await pushed(2);
    expect(both.map((push) => [push.from_version, push.version])).toEqual([
      [4, 5],
      [6, 7],
    ]);
  });
});
