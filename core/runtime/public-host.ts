import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const own = new BlockList();
for (const [net, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
  ] as const),
  ...([
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
  ] as const),
  ...([
    ['198.18.0.0', 15],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const),
]) {
  own.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ...([
    ['::', 96],
    ['::1', 128],
    ['64:ff9b::', 96],
    ['fc00::', 7],
  ] as const),
  ...([
    ['fe80::', 10],
    ['ff00::', 8],
    ['2001:db8::', 32],
  ] as const),
]) {
  own.addSubnet(net, bits, 'ipv6');
}

/** Whether an address belongs to the whole net and not to a machine's own or a company's. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  const kind = isIP(plain);
  return kind !== 0 && !own.check(plain, kind === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Finds a host's address for a connection and refuses those that aren't public, at the moment of
 * connecting: a name that was checked before could point elsewhere by then.
 */
export const publicLookup: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, '', 0);
    const [first] = addresses;
    if (!first || !addresses.every(({ address }) => isPublicAddress(address))) {
      return done(new Error(`${host} is not a public host`), '', 0);
    }
    if (options.all) done(null, addresses);
    else done(null, first.address, first.family);
  });
};
