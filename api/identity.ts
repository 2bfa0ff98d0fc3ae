import type { Request } from 'express';
import { UsherError } from '../core/domain/errors.js';
import type { SessionClaims, StaffRole, Tokens } from '../core/runtime/tokens.js';

/** Reads `Authorization: Bearer …`. @throws UsherError `unauthenticated` or `token_*`. */
export function readIdentity(authorization: string | undefined, tokens: Tokens): SessionClaims {
  const match = /^Bearer ([A-Za-z0-9._-]{1,2000})$/i.exec(authorization ?? '');
  if (!match?.[1]) {
    throw new UsherError(
      'unauthenticated',
      'Send the session token of log-in or sign-up as `Authorization: Bearer …`.',
    );
  }
  return tokens.readSession(match[1]);
}

/** The fan who calls. Staff tokens are not fans'. */
export function requireFan(req: Request, tokens: Tokens): SessionClaims {
  return fanOf(req.get('authorization'), tokens);
}

/** The fan of an `Authorization` header. */
export function fanOf(authorization: string | undefined, tokens: Tokens): SessionClaims {
  const claims = readIdentity(authorization, tokens);
  if (claims.role)
    throw new UsherError('forbidden', 'This call is for fans; this is a staff token.');
  return claims;
}

/** The member of staff who calls, if the role may. */
export function requireStaff(req: Request, tokens: Tokens, roles: StaffRole[]): SessionClaims {
  const claims = readIdentity(req.get('authorization'), tokens);
  if (!claims.role || !roles.includes(claims.role)) {
    throw new UsherError('forbidden', `This call needs the role ${roles.join(' or ')}.`);
  }
  return claims;
}
