import { createTransport } from 'nodemailer';

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
  /** `smtp://` or `smtps://` servers in the order of preference. */
  urls: string[];
  /** The sender, such as `Usher <tickets@usher.example>`. */
  from: string;
  /** How long one server may take for each step, in milliseconds. */
  timeoutMs?: number;
};

const connectionsMax = 3;

/** Opens pooled connections to the servers, on first use; throws when there is no URL. */
export function openMailer(settings: MailerSettings): Mailer {
  if (settings.urls.length === 0) throw new Error('the mailer needs at least one SMTP server');
  const timeoutMs = settings.timeoutMs ?? 10_000;
  const host = /@([\w.-]+)>?$/.exec(settings.from)?.[1] ?? 'usher.invalid';
  const servers = settings.urls.map((url) =>
    createTransport({
      url,
      pool: true,
      maxConnections: connectionsMax,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // Content comes as buffers and strings only: a path or URL in it must never be read.
      disableFileAccess: true,
      disableUrlAccess: true,
    }),
  );
  return {
    send: async ({ to, key, ...content }) => {
      const messageId = `<${key.replace(/[^\w.-]/g, '-')}@${host}>`;
      let reason = '';
      for (const [server, transport] of servers.entries()) {
        try {
          await transport.sendMail({
            ...content,
            from: settings.from,
            to: { name: '', address: to },
            messageId,
          });
          return { kind: 'sent', messageId, server };
        } catch (error) {
          const fault = readFault(error);
          if (fault.final) return { kind: 'refused', reason: fault.reason };
          ({ reason } = fault);
        }
      }
      return { kind: 'failed', reason };
    },
    close: () => {
      for (const transport of servers) transport.close();
    },
  };
}

/** A 5xx to the recipient or the message is final; anything about the server itself is not. */
function readFault(error: unknown): { final: boolean; reason: string } {
  const { responseCode, code, command } = error as {
    responseCode?: number;
    code?: string;
    command?: string;
  };
  const aboutMail = command === 'RCPT TO' || command === 'DATA' || code === 'EENVELOPE';
  // Without an answer from a server, an envelope error means that the address is malformed.
  const malformed = code === 'EENVELOPE' && responseCode === undefined;
  return {
    final: malformed || (aboutMail && responseCode !== undefined && responseCode >= 500),
    reason: responseCode === undefined ? (code ?? 'no_answer') : `smtp_${responseCode}`,
  };
}
