import type { ShowId } from '../../domain/ids.js';
import type { MessageChannel, MessageKind, MessageState } from '../../domain/messages.js';
import { type Database, type Queryable, readNowMs } from '../database.js';

/** One logical message to a fan. Its key names it for good: a second row of that key is no message. */
export type NewMessage = {
  key: string;
  fanId: string;
  kind: MessageKind;
  showId: ShowId | null;
  /** The reservation or booking, or the row of another table that the kind is about. */
  subjectId: number | null;
  /** Ids, numbers and times only. */
  detail: Record<string, unknown>;
};

export type Message = NewMessage & {
  messageId: number;
  channel: MessageChannel;
  state: MessageState;
  /** How often it was claimed, this time included. */
  tries: number;
};

type Row = {
  message_id: number;
  message_key: string;
  channel: MessageChannel;
  fan_id: string;
  kind: MessageKind;
  show_id: number | null;
  subject_id: number | null;
  detail: string;
  state: MessageState;
  tries: number;
};

const columns =
  'message_id, message_key, channel, fan_id, kind, show_id, subject_id, detail, state, tries';
const errorCharsMax = 300;
const titleCharsMax = 300;

/** Files messages to be sent, once for each key and channel; repeats change nothing. */
export async function insertMessages(
  catalog: Pick<Queryable, 'change'>,
  messages: NewMessage[],
  channels: readonly MessageChannel[],
): Promise<void> {
  if (messages.length === 0) return;
  await catalog.change(
    `INSERT IGNORE INTO message
       (message_key, channel, fan_id, kind, show_id, subject_id, detail) VALUES ?`,
    [
      messages.flatMap((one) =>
        channels.map((channel) => [
          ...[one.key, channel, one.fanId, one.kind, one.showId, one.subjectId],
          JSON.stringify(one.detail),
        ]),
      ),
    ],
  );
}

/** A message that this process has to send, until `dueAt`. */
export type Claim = { messageId: number; tries: number; dueAt: Date };

/**
 * Claims due messages for `leaseMs`: until then no other sender sees them, and after it they are due
 * again if whoever claimed them died.
 */
export async function claimMessages(
  catalog: Database,
  { rowsMax, leaseMs }: { rowsMax: number; leaseMs: number },
): Promise<Claim[]> {
  const [due] = await catalog.rows('SELECT 1 FROM message WHERE due_at <= NOW(3) LIMIT 1');
  if (!due) return [];
  return catalog.transaction(async (tx) => {
    const rows = await tx.rows<{ message_id: number; tries: number }>(
      `SELECT message_id, tries FROM message WHERE due_at <= NOW(3)
       ORDER BY due_at, message_id LIMIT ? FOR UPDATE SKIP LOCKED`,
      [rowsMax],
    );
    if (rows.length === 0) return [];
    const dueAt = new Date((await readNowMs(tx)) + leaseMs);
    await tx.change('UPDATE message SET tries = tries + 1, due_at = ? WHERE message_id IN (?)', [
      dueAt,
      rows.map((row) => row.message_id),
    ]);
    return rows.map((row) => ({ messageId: row.message_id, tries: row.tries + 1, dueAt }));
  });
}

/** Keeps claims for longer; one that was tried meanwhile is due when that try said. */
export async function keepClaims(
  catalog: Pick<Queryable, 'change'>,
  claims: Claim[],
  leaseMs: number,
): Promise<void> {
  const [first] = claims;
  if (!first) return;
  await catalog.change(
    `UPDATE message SET due_at = NOW(3) + INTERVAL ? MICROSECOND
     WHERE message_id IN (?) AND due_at = ?`,
    [leaseMs * 1000, claims.map(({ messageId }) => messageId), first.dueAt],
  );
}

export async function readMessage(
  catalog: Pick<Queryable, 'rows'>,
  messageId: number,
): Promise<Message | undefined> {
  const [row] = await catalog.rows<Row>(`SELECT ${columns} FROM message WHERE message_id = ?`, [
    messageId,
  ]);
  return row && fromRow(row);
}

/** Ends a message; false when it had ended already. `title` is what the fan's list shows. */
export async function endMessage(
  catalog: Pick<Queryable, 'change'>,
  messageId: number,
  end: { state: 'SENT' | 'DROPPED' | 'REFUSED'; title?: string; error?: string },
): Promise<boolean> {
  const { matched } = await catalog.change(
    `UPDATE message SET state = ?, title = ?, error = ?, due_at = NULL, ended_at = NOW(3)
     WHERE message_id = ? AND state = 'WAITING'`,
    [end.state, end.title?.slice(0, titleCharsMax) ?? '', end.error ?? null, messageId],
  );
  return matched === 1;
}

/**
 * Keeps the error of a failed try and when the next one is due; null ends the trying, and the
 * message is dead until staff retry it. Does nothing when another sender has claimed it since.
 */
export async function failMessage(
  catalog: Pick<Queryable, 'change'>,
  ref: { messageId: number; tries: number },
  { error, againInMs }: { error: string; againInMs: number | null },
): Promise<void> {
  await catalog.change(
    `UPDATE message SET state = ?, due_at = NOW(3) + INTERVAL ? MICROSECOND, error = ?,
       ended_at = IF(?, NOW(3), NULL)
     WHERE message_id = ? AND tries = ? AND state = 'WAITING'`,
    [
      againInMs === null ? 'DEAD' : 'WAITING',
      againInMs === null ? null : Math.round(againInMs) * 1000,
      error.slice(0, errorCharsMax),
      againInMs === null ? 1 : 0,
      ref.messageId,
      ref.tries,
    ],
  );
}

export type DeadMessage = Message & { createdAtMs: number; error: string };

/** Messages that are tried no more, oldest first. */
export async function listDeadMessages(
  catalog: Pick<Queryable, 'rows'>,
  rowsMax: number,
): Promise<DeadMessage[]> {
  const rows = await catalog.rows<Row & { created_at: Date; error: string | null }>(
    `SELECT ${columns}, created_at, error FROM message WHERE state = 'DEAD'
     ORDER BY ended_at, message_id LIMIT ?`,
    [rowsMax],
  );
  return rows.map((row) => ({
    ...fromRow(row),
    createdAtMs: row.created_at.getTime(),
    error: row.error ?? '',
  }));
}

/** Makes a dead message due again, with all its tries; false when it isn't dead. */
export async function retryDeadMessage(
  catalog: Pick<Queryable, 'change'>,
  messageId: number,
): Promise<boolean> {
  const { matched } = await catalog.change(
    `UPDATE message SET state = 'WAITING', due_at = NOW(3), tries = 0, ended_at = NULL
     WHERE message_id = ? AND state = 'DEAD'`,
    [messageId],
  );
  return matched === 1;
}

export type FanMessage = {
  messageId: number;
  kind: MessageKind;
  showId: ShowId | null;
  subjectId: number | null;
  state: MessageState;
  title: string;
  createdAtMs: number;
};

/** A fan's own messages, newest first, without those that were never for them to see. */
export async function listFanMessages(
  catalog: Pick<Queryable, 'rows'>,
  fanId: string,
  { beforeId, rowsMax }: { beforeId: number | undefined; rowsMax: number },
): Promise<FanMessage[]> {
  const rows = await catalog.rows<Omit<FanMessage, 'createdAtMs'> & { createdAt: Date }>(
    `SELECT message_id AS messageId, kind, show_id AS showId, subject_id AS subjectId, state, title,
       created_at AS createdAt
     FROM message
     WHERE fan_id = ? AND message_id < ? AND channel = 'mail' AND state <> 'DROPPED'
     ORDER BY message_id DESC LIMIT ?`,
    [fanId, beforeId ?? Number.MAX_SAFE_INTEGER, rowsMax],
  );
  return rows.map(({ createdAt, ...row }) => ({ ...row, createdAtMs: createdAt.getTime() }));
}

function fromRow(row: Row): Message {
  return {
    messageId: row.message_id,
    key: row.message_key,
    channel: row.channel,
    fanId: row.fan_id,
    kind: row.kind,
    showId: row.show_id,
    subjectId: row.subject_id,
    detail: JSON.parse(row.detail) as Record<string, unknown>,
    state: row.state,
    tries: row.tries,
  };
}
