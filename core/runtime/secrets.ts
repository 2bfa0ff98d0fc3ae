import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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

const rotatable = ['session', 'pass', 'receipt', 'data', 'ticket'] as const;
export type KeyPurpose = (typeof rotatable)[number];
export const keyPurposes: readonly KeyPurpose[] = rotatable;

type KeyList = { kid: string }[];
type SecretsFile = Record<KeyPurpose, KeyList> & { index: string };

/** The ids of the keys in a file, by purpose; the first of each signs or seals. */
export function listKeys(file: string): Record<KeyPurpose, string[]> {
  const content = JSON.parse(readFileSync(file, 'utf8')) as SecretsFile;
  return Object.fromEntries(
    rotatable.map((purpose) => [purpose, content[purpose].map(({ kid: id }) => id)]),
  ) as Record<KeyPurpose, string[]>;
}

/**
 * Rotates keys in two steps, so that no program ever meets a key that it does not know. `add` puts
 * a new key at the end, where it only opens and verifies; `use` moves the last key to the front,
 * where it signs and seals. Old keys stay and go on verifying. Returns the ids by purpose.
 */
export function rotateKeys(
  file: string,
  step: 'add' | 'use',
  purposes: readonly KeyPurpose[] = rotatable,
): Record<KeyPurpose, string[]> {
  const content = JSON.parse(readFileSync(file, 'utf8')) as SecretsFile;
  for (const purpose of purposes) {
    const keys = content[purpose];
    if (step === 'add') keys.push(purpose === 'ticket' ? freshTicketKey() : freshKey());
    else keys.unshift(...keys.splice(-1));
  }
  const next = `${file}.new`;
  writeFileSync(next, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  loadSecrets({ dataDir: dirname(file), secretsFile: next, production: true });
  renameSync(next, file);
  return listKeys(file);
}

function freshKey() {
  return { kid: `k${randomBytes(3).toString('hex')}`, key: randomBytes(32).toString('base64') };
}

function freshTicketKey() {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    kid: `t${randomBytes(3).toString('hex')}`,
    private_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/** Writes fresh keys to a file that only its owner may read; an existing file is never touched. */
export function createSecretsFile(file: string): void {
  const content = {
    session: [freshKey()],
    pass: [freshKey()],
    receipt: [freshKey()],
    data: [freshKey()],
    index: randomBytes(32).toString('base64'),
    vapid: newVapid(),
    ticket: [freshTicketKey()],
  };
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Several programs may start at once: the first one wins and the others read its file.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
