import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Config } from './config.js';

const kid = z.string().regex(/^[a-z0-9]{1,8}$/);
const key32 = z
  .string()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, {
    error: 'must be 32 bytes in base64',
  });
const symmetric = z.array(z.object({ kid, key: key32 })).min(1);
const fileSchema = z.object({
  session: symmetric,
  pass: symmetric,
  receipt: symmetric,
  data: symmetric,
  index: key32,
  ticket: z.array(z.object({ kid, private_pem: z.string() })).min(1),
  vapid: z.object({ publicKey: z.string(), privateKey: z.string() }).optional(),
});

export type SymmetricKey = { kid: string; key: Buffer };
export type TicketKey = { kid: string; privateKey: KeyObject; publicKey: KeyObject };

/** The keys of one Usher. The first of each list signs or seals; all of a list open or verify. */
export type Secrets = {
  session: SymmetricKey[];
  pass: SymmetricKey[];
  receipt: SymmetricKey[];
  /** Key-encryption keys: they wrap the data key of each person. */
  data: SymmetricKey[];
  /** Key of the blind indexes of mail addresses and phone numbers. */
  index: Buffer;
  ticket: TicketKey[];
  /** Signs notes to browsers; files of before have none, and then none are sent. */
  vapid?: VapidKey | undefined;
};

/** A P-256 key in base64url, as push services know it. */
export type VapidKey = { publicKey: string; privateKey: string };

/** Where the secrets are kept when no USHER_SECRETS_FILE is named. */
export function defaultSecretsFile(dataDir: string): string {
  return join(dataDir, 'secrets.json');
}

/**
 * Loads the secrets; on a development machine they are made at the first start.
 * @throws Error that tells the operator what to do.
 */
export function loadSecrets(
  config: Pick<Config, 'dataDir' | 'secretsFile' | 'production'>,
): Secrets {
  const file = config.secretsFile ?? defaultSecretsFile(config.dataDir);
  if (!existsSync(file)) {
    if (config.production || config.secretsFile) {
      throw new Error(
        `There is no secrets file at ${file}. Make one with: ./usher keys create ${file}`,
      );
    }
    createSecretsFile(file);
  }
  const parsed = fileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The secrets file ${file} is not usable: ${faults.join('; ')}`);
  }
  return {
    ...parsed.data,
    ticket: parsed.data.ticket.map((entry) => {
      const privateKey = createPrivateKey(entry.private_pem);
      return { kid: entry.kid, privateKey, publicKey: createPublicKey(privateKey) };
    }),
  };
}

export function newVapid(): VapidKey {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const bytes = ecdh.getPrivateKey();
  const whole = Buffer.concat([Buffer.alloc(32 - bytes.length), bytes]);
  return {
    publicKey: ecdh.getPublicKey().toString('base64url'),
    privateKey: whole.toString('base64url'),
  };
}

/** Writes fresh keys to a file that only its owner may read; an existing file is never touched. */
export function createSecretsFile(file: string): void {
  const fresh = () => [
    { kid: `k${randomBytes(3).toString('hex')}`, key: randomBytes(32).toString('base64') },
  ];
  const { privateKey } = generateKeyPairSync('ed25519');
  const content = {
    session: fresh(),
    pass: fresh(),
    receipt: fresh(),
    data: fresh(),
    index: randomBytes(32).toString('base64'),
    vapid: newVapid(),
    ticket: [
      {
        kid: `t${randomBytes(3).toString('hex')}`,
        private_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      },
    ],
  };
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Several programs may start at once: the first one wins and the others read its file.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
