import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

type KeyEntry = { kid: string; key: string };

/** Tokens as Usher signs them, made with the keys of one secrets file and code of our own. */
export type Signers = {
  session(fanId: string, role?: 'box_office' | 'ops' | 'admin'): string;
  pass(fanId: string, passId: string, saleId: string): string;
};

const lifeSeconds = 6 * 3_600;

export function openSigners(secretsFile: string): Signers {
  const secrets = JSON.parse(readFileSync(secretsFile, 'utf8')) as {
    session: KeyEntry[];
    pass: KeyEntry[];
  };
  const exp = Math.floor(Date.now() / 1_000) + lifeSeconds;
  const session = signer(secrets.session, 'usher-session');
  const pass = signer(secrets.pass, 'usher-pass');
  return {
    session: (fanId, role) => session({ sub: fanId, ep: 1, ...(role ? { role } : {}), exp }),
    pass: (fanId, passId, saleId) => pass({ jti: passId, sub: fanId, aud: saleId, exp }),
  };
}

function signer([entry]: KeyEntry[], typ: string): (payload: Record<string, unknown>) => string {
  if (!entry) throw new Error(`the secrets file has no key for ${typ}`);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const key = Buffer.from(entry.key, 'base64');
  const head = part({ alg: 'HS256', typ, kid: entry.kid });
  return (payload) => {
    const signed = `${head}.${part(payload)}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  };
}
