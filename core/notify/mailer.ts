import { type OpenTurns, openMailServer } from './mail-server.js';

/** One mail without its address; `cid` marks an attachment that the HTML shows inline. */
export type MailContent = {
  subject: string;
  text: string;
  html: string;
  attachments: { filename: string; contentType: string; content: Buffer; cid?: string }[];
};

/**
 * What became of a mail. `sent`: a server took it over. `refused`: the servers will never take it
 * for this address, don't repeat. `failed`: no server could take it now, repeat later.
 * Reasons hold codes only, never an address.
 */
export type MailOutcome =
  | { kind: 'sent'; messageId: string; server: number }
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; reason: string };

export type Mailer = {
  /**
   * Sends to one address. `key` names the logical message (such as `bkg_3f_1k9-tickets`): it becomes
   * the Message-ID, by which a mail that had to be sent twice can be recognised as one.
   */
  send(mail: MailContent & { to: string; key: string }): Promise<MailOutcome>;
  close(): void;
};

export type MailerSettings = {
  /** `smtp://` or `smtps://` servers in the order of preference, each with its own rate. */
  urls: string[];
  /** The sender, such as `Usher <tickets@usher.example>`. */
  from: string;
  /** How long one server may take for each step, in milliseconds. */
  timeoutMs?: number;
  /** How long a server that failed again and again is left alone, in milliseconds. */
  restMs?: number;
  /** Who keeps the servers' rates; without it this process alone, as if there were no other. */
  openTurns?: OpenTurns;
};

/** Opens pooled connections to the servers, on first use; throws when there is no URL. */
export function openMailer(settings: MailerSettings): Mailer {
  if (settings.urls.length === 0) throw new Error('the mailer needs at least one SMTP server');
  const timeoutMs = settings.timeoutMs ?? 10_000;
  const host = /@([\w.-]+)>?$/.exec(settings.from)?.[1] ?? 'usher.invalid';
  const servers = settings.urls.map((url) => openMailServer(url, { ...settings, timeoutMs }));
  return {
    send: async ({ to, key, ...content }) => {
      const messageId = `<${key.replace(/[^\w.-]/g, '-')}@${host}>`;
      const mail = { ...content, from: settings.from, to: { name: '', address: to }, messageId };
      let reason = '';
      for (const [server, one] of servers.entries()) {
        const answer = await one.send(mail);
        if (answer.kind === 'sent') return { kind: 'sent', messageId, server };
        if (answer.kind === 'refused') return answer;
        ({ reason } = answer);
      }
      return { kind: 'failed', reason };
    },
    close: () => {
      for (const server of servers) server.close();
    },
  };
}
