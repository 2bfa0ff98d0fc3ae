import { UsherError } from '../../domain/errors.js';
import { checkPassword, hashPassword } from '../../runtime/passwords.js';
import { randomId } from '../../runtime/random-id.js';
import type { StaffRole } from '../../runtime/tokens.js';
import type { Database, Queryable } from '../database.js';
import { writeAudit } from './audit.js';

export type StaffRow = { name: string; role: StaffRole; created_at: Date };
const staffIdChars = 12;

/**
 * Adds a member of staff; one who was removed comes back with the new role and password.
 * @throws UsherError `already_exists`.
 */
export async function addStaff(
  catalog: Database,
  {
    name,
    role,
    password,
    actor,
  }: { name: string; role: StaffRole; password: string; actor: string },
): Promise<void> {
  const passwordHash = await hashPassword(password);
  await catalog.transaction(async (tx) => {
    const made = await tx.change(
      `INSERT IGNORE INTO staff (staff_id, name, role, password_hash, state)
       VALUES (?, ?, ?, ?, 'ACTIVE')`,
      [randomId(staffIdChars), name, role, passwordHash],
    );
    const back =
      made.matched > 0
        ? made
        : await tx.change(
            `UPDATE staff SET role = ?, password_hash = ?, state = 'ACTIVE',
               token_epoch = token_epoch + 1, guarded_at = NOW(3)
             WHERE name = ? AND state = 'REMOVED'`,
            [role, passwordHash, name],
          );
    if (back.matched === 0) {
      throw new UsherError('already_exists', `There is a ${name} already: choose another name.`);
    }
    await writeAudit(tx, { actor, action: 'staff.add', subject: name, after: { role } });
  });
}

export async function listStaff(catalog: Pick<Queryable, 'rows'>): Promise<StaffRow[]> {
  return catalog.rows<StaffRow>(
    "SELECT name, role, created_at FROM staff WHERE state = 'ACTIVE' ORDER BY name",
  );
}

/**
 * Removes a member of staff and ends all of their sessions.
 * @throws UsherError `not_found`.
 */
export async function removeStaff(
  catalog: Database,
  { name, actor }: { name: string; actor: string },
): Promise<void> {
  await catalog.transaction(async (tx) => {
    const { matched } = await tx.change(
      `UPDATE staff SET state = 'REMOVED', token_epoch = token_epoch + 1, guarded_at = NOW(3)
       WHERE name = ? AND state = 'ACTIVE'`,
      [name],
    );
    if (matched === 0) throw new UsherError('not_found', `There is no ${name} among the staff.`);
    await writeAudit(tx, { actor, action: 'staff.remove', subject: name });
  });
}

/**
 * Checks name and password; both failures take as long and say the same.
 * @throws UsherError `login_failed`.
 */
export async function logInStaff(
  catalog: Pick<Queryable, 'rows'>,
  { name, password }: { name: string; password: string },
): Promise<{ name: string; role: StaffRole; epoch: number }> {
  const [row] = await catalog.rows<{
    role: StaffRole;
    password_hash: string;
    token_epoch: number;
  }>("SELECT role, password_hash, token_epoch FROM staff WHERE name = ? AND state = 'ACTIVE'", [
    name,
  ]);
  if (!(await checkPassword(row?.password_hash, password)) || !row) {
    throw new UsherError('login_failed', 'Name and password do not match. Try again.');
  }
  return { name, role: row.role, epoch: row.token_epoch };
}
