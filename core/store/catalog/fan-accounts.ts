import { UsherError } from '../../domain/errors.js';
import { checkPassword, hashPassword } from '../../runtime/passwords.js';
import { randomId } from '../../runtime/random-id.js';
import {
  blindIndex,
  newPersonKey,
  normaliseEmail,
  normalisePhone,
  openPersonKey,
  seal,
  unseal,
} from '../../runtime/sealing.js';
import type { Secrets, SymmetricKey } from '../../runtime/secrets.js';
import { type Database, isDuplicateKey, type Queryable } from '../database.js';
import { writeAudit } from './audit.js';
import { dropRoomNotesOf } from './room-notes.js';

export type FanStores = { catalog: Database; secrets: Secrets };

/** Who a session is signed for. */
export type FanIdentity = { fanId: string; epoch: number };

export type Account = {
  fan_id: string;
  email: string;
  name: string | null;
  phone: string | null;
  created_at: Date;
};

export const fanIdChars = 12;
type Field = 'email' | 'name' | 'phone';

/**
 * Makes an account. Mail, name and phone are sealed with a key of this person alone; mail and
 * phone are found by blind index.
 * @throws UsherError `already_exists` when the mail address has an account.
 */
export async function signUp(
  stores: FanStores,
  person: Person & { password: string },
): Promise<FanIdentity> {
  const fanId = await insertFan(stores, person, await hashPassword(person.password));
  return { fanId, epoch: 1 };
}

/**
 * The account behind a mail address, or a new one without a password for a guest of the desk.
 * @throws UsherError `banned`.
 */
export async function fanOfEmail(
  stores: FanStores,
  person: Pick<Person, 'email' | 'name'>,
): Promise<string> {
  const find = async () => {
    const index = blindIndex(stores.secrets, 'email', normaliseEmail(person.email));
    const [row] = await stores.catalog.rows<{ fan_id: string; state: string }>(
      'SELECT fan_id, state FROM fans WHERE email_index = ?',
      [index],
    );
    if (row && row.state !== 'ACTIVE') throw new UsherError('banned', 'This account is banned.');
    return row?.fan_id;
  };
  const known = await find();
  if (known !== undefined) return known;
  try {
    return await insertFan(stores, person, null);
  } catch (error) {
    const made = await find();
    if (made === undefined) throw error;
    return made;
  }
}

type Person = { email: string; name?: string | undefined; phone?: string | undefined };

async function insertFan(
  { catalog, secrets }: FanStores,
  person: Person,
  passwordHash: string | null,
): Promise<string> {
  const fanId = randomId(fanIdChars);
  const { wrapped, key } = newPersonKey(secrets, fanId);
  const sealed = (field: Field, text: string | undefined) =>
    text === undefined ? null : sealField(key, fanId, field, text);
  const email = person.email.trim();
  try {
    await catalog.change(
      `INSERT INTO fans (fan_id, data_key, email, email_index, name, phone, phone_index,
         password_hash, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'ACTIVE')`,
      [
        fanId,
        wrapped,
        sealed('email', email),
        blindIndex(secrets, 'email', normaliseEmail(email)),
        sealed('name', person.name),
        sealed('phone', person.phone),
        person.phone === undefined
          ? null
          : blindIndex(secrets, 'phone', normalisePhone(person.phone)),
        passwordHash,
      ],
    );
  } catch (error) {
    if (!isDuplicateKey(error, 'fans_email')) throw error;
    throw new UsherError('already_exists', 'This mail address has an account: log in instead.');
  }
  return fanId;
}

/**
 * Checks mail address and password; both failures take as long and say the same.
 * @throws UsherError `login_failed`, or `banned` for a fan who knows the password.
 */
export async function logIn(
  { catalog, secrets }: FanStores,
  { email, password }: { email: string; password: string },
): Promise<FanIdentity> {
  const [row] = await catalog.rows<{
    fan_id: string;
    password_hash: string | null;
    token_epoch: number;
    state: string;
  }>('SELECT fan_id, password_hash, token_epoch, state FROM fans WHERE email_index = ?', [
    blindIndex(secrets, 'email', normaliseEmail(email)),
  ]);
  if (!(await checkPassword(row?.password_hash, password)) || !row) {
    throw new UsherError('login_failed', 'Mail address and password do not match. Try again.');
  }
  if (row.state !== 'ACTIVE') {
    throw new UsherError('banned', 'This account is banned. Ask the box office.');
  }
  return { fanId: row.fan_id, epoch: row.token_epoch };
}

/** Ends every session of the fan, on all devices. */
export async function endSessions(
  catalog: Pick<Queryable, 'change'>,
  fanId: string,
): Promise<void> {
  await catalog.change(
    'UPDATE fans SET token_epoch = token_epoch + 1, guarded_at = NOW(3) WHERE fan_id = ?',
    [fanId],
  );
}

/** The fan's own data; undefined when the account is erased or was never there. */
export async function readAccount(
  { catalog, secrets }: { catalog: Pick<Queryable, 'rows'>; secrets: Secrets },
  fanId: string,
): Promise<Account | undefined> {
  const [row] = await catalog.rows<{
    data_key: Buffer | null;
    email: Buffer | null;
    name: Buffer | null;
    phone: Buffer | null;
    created_at: Date;
  }>('SELECT data_key, email, name, phone, created_at FROM fans WHERE fan_id = ?', [fanId]);
  if (!row?.data_key || !row.email) return undefined;
  const key = openPersonKey(secrets, fanId, row.data_key);
  const opened = (field: Field, value: Buffer | null) =>
    value && unseal([key], value, placeOf(field, fanId)).toString();
  return {
    fan_id: fanId,
    email: opened('email', row.email) ?? '',
    name: opened('name', row.name),
    phone: opened('phone', row.phone),
    created_at: row.created_at,
  };
}

/**
 * Erases the person: the data key and all that it sealed are gone and every session ends; what
 * was paid stays on its records under the bare id. Erasing again changes nothing.
 */
export async function eraseFan(catalog: Database, fanId: string, actor: string): Promise<void> {
  await catalog.transaction(async (tx) => {
    const { matched } = await tx.change(
      `UPDATE fans SET state = 'ERASED', data_key = NULL, email = NULL, email_index = NULL,
         name = NULL, phone = NULL, phone_index = NULL, password_hash = NULL,
         token_epoch = token_epoch + 1, guarded_at = NOW(3)
       WHERE fan_id = ? AND state <> 'ERASED'`,
      [fanId],
    );
    await dropRoomNotesOf(tx, fanId);
    if (matched > 0) await writeAudit(tx, { actor, action: 'fan.erase', subject: fanId });
  });
}

function sealField(key: SymmetricKey, fanId: string, field: Field, text: string): Buffer {
  return seal(key, Buffer.from(text), placeOf(field, fanId));
}

/** Binds a sealed value to its row and column, so that it opens nowhere else. */
function placeOf(field: Field, fanId: string): string {
  return `fans|${field}|${fanId}`;
}
