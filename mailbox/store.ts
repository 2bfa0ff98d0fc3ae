import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { headerOf, type ParsedMail, parseMail, textOf } from './mime.js';

/** One mail as the list and the JSON show it; the `.eml` file in the folder is the truth. */
export type MailSummary = {
  id: string;
  received_at: string;
  to: string[];
  from: string;
  subject: string;
  message_id: string;
  text: string;
  html: string;
  attachments: { part: number; filename: string; type: string; bytes: number; inline: boolean }[];
};

export type MailStore = {
  /** Keeps a mail before its receipt is confirmed to the sender. */
  keep(raw: Buffer, recipients: string[]): Promise<MailSummary>;
  /** The newest mails first: of one recipient with `to`, older than a mail with `before`. */
  list(options: { to?: string; before?: string; limit: number }): MailSummary[];
  find(id: string): MailSummary | undefined;
  raw(id: string): Promise<Buffer>;
  parts(id: string): Promise<ParsedMail['parts']>;
};

/** Opens the folder and reads what is in it, oldest first by file name. */
export async function openMailStore(folder: string): Promise<MailStore> {
  await mkdir(folder, { recursive: true });
  const mails: MailSummary[] = [];
  const byId = new Map<string, MailSummary>();
  const add = (summary: MailSummary): MailSummary => {
    mails.push(summary);
    byId.set(summary.id, summary);
    return summary;
  };
  const names = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
  for (const name of names) {
    add(summarise(name.slice(0, -4), await readFile(join(folder, name))));
  }
  let last = Number(mails.at(-1)?.id.split('-')[1] ?? 0);
  const pathOf = (id: string): string => join(folder, `${id}.eml`);
  return {
    keep: async (raw, recipients) => {
      last += 1;
      const at = new Date().toISOString().replace(/[-:.]/g, '');
      const id = `${at}-${String(last).padStart(8, '0')}`;
      // The envelope isn't in the mail itself: it goes on top, as mail servers do it.
      const envelope = recipients.map((address) => `Delivered-To: ${address}\r\n`).join('');
      const kept = Buffer.concat([Buffer.from(envelope, 'utf8'), raw]);
      await writeFile(`${pathOf(id)}.part`, kept);
      await rename(`${pathOf(id)}.part`, pathOf(id));
      return add(summarise(id, kept));
    },
    list: ({ to, before, limit }) => {
      const wanted = to?.toLowerCase();
      return mails
        .filter((mail) => before === undefined || mail.id < before)
        .filter(
          (mail) => wanted === undefined || mail.to.some((one) => one.toLowerCase() === wanted),
        )
        .slice(-limit)
        .reverse();
    },
    find: (id) => byId.get(id),
    raw: (id) => readFile(pathOf(id)),
    parts: async (id) => parseMail(await readFile(pathOf(id))).parts,
  };
}

function summarise(id: string, raw: Buffer): MailSummary {
  const mail = parseMail(raw);
  const delivered = (mail.headers.get('delivered-to') ?? []).map((one) => one.trim());
  return {
    id,
    received_at: timeOf(id),
    to: delivered.length > 0 ? delivered : [headerOf(mail.headers, 'to')],
    from: headerOf(mail.headers, 'from'),
    subject: headerOf(mail.headers, 'subject'),
    message_id: headerOf(mail.headers, 'message-id'),
    text: textOf(mail, 'text/plain'),
    html: textOf(mail, 'text/html'),
    attachments: mail.parts.flatMap((part, no) =>
      part.attached
        ? [
            {
              part: no,
              filename: part.filename ?? `part-${no}`,
              type: part.type,
              bytes: part.content.length,
              inline: part.cid !== undefined,
            },
          ]
        : [],
    ),
  };
}

/** The id begins with the time of receipt, `20261122T021500123Z`. */
function timeOf(id: string): string {
  const [, y, mo, d, h, mi, s, ms] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z/.exec(id) ?? [];
  return y === undefined ? '' : `${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}Z`;
}
