import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  url: z.string(),
  token: z.string(),
  name: z.string(),
  expires_at: z.string(),
});

/** Which Usher the commands talk to, and as whom. */
export type Login = z.infer<typeof schema>;

/** The login that was stored; undefined when there is none or the file is damaged. */
export function readLogin(file: string): Login | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Stores a login so that only its owner can read it. */
export function saveLogin(file: string, login: Login): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeLogin(file: string): void {
  rmSync(file, { force: true });
}
