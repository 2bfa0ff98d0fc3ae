import { existsSync } from 'node:fs';
import { loadSecrets } from '../core/runtime/secrets.js';
import { secretsFileFor } from '../core/runtime/supervisor-env.js';
import { readRunFile, runningSupervisor } from '../core/runtime/supervisor-run.js';
import { openTokens, type StaffRole } from '../core/runtime/tokens.js';
import { type CliContext, dataDirOf, loginFileOf } from './context.js';
import { refused, unreachable } from './exit.js';
import { readLogin } from './login-file.js';

/** The Usher that a command talks to, with a staff token for it. */
export type Target = { url: string; token: string; from: 'login' | 'local' };

/** Long enough for one command, `sale watch` included, which asks for a new one. */
export const localTokenSeconds = 3_600;
/** Names the local operator in audit rows. */
export const localActor = 'local';

/**
 * Which Usher to talk to: the one of `usher login`, otherwise the one that runs here, for which
 * the command signs itself a short token with the local secrets.
 * @throws CliError (exit 3) when nothing runs.
 */
export function findTarget(context: CliContext): Target {
  const login = readLogin(loginFileOf(context));
  if (login) return { url: login.url, token: login.token, from: 'login' };
  const dataDir = dataDirOf(context);
  const run = runningSupervisor(dataDir) && readRunFile(dataDir);
  if (!run) {
    throw unreachable(
      `No Usher runs on ${dataDir}, and there is no login. Start one with \`./usher up --demo\`, or choose one with \`./usher login URL\`.`,
    );
  }
  const token = signLocalToken(context, 'admin', localTokenSeconds).token;
  return { url: run.urls.page.replace(/\/$/, ''), token, from: 'local' };
}

/**
 * Signs a staff token with the secrets of the local Usher. Whoever can read that file could do
 * so anyway.
 */
export function signLocalToken(
  context: CliContext,
  role: StaffRole,
  seconds: number,
): { token: string; expiresAtMs: number } {
  const dataDir = dataDirOf(context);
  const file = secretsFileFor(dataDir, context.env);
  if (!existsSync(file)) {
    throw refused(
      'no_secrets',
      `There is no secrets file at ${file}. Start Usher here first with \`./usher up\`, or set USHER_SECRETS_FILE.`,
    );
  }
  const secrets = loadSecrets({ dataDir, secretsFile: file, production: false });
  const expiresAtMs = Date.now() + seconds * 1_000;
  const token = openTokens(secrets).signSession({
    fanId: localActor,
    epoch: 1,
    role,
    expiresAtMs,
  });
  return { token, expiresAtMs };
}
