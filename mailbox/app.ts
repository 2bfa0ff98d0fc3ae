import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { listPage, mailPage } from './pages.js';
import { type MailStore, type MailSummary, openMailStore } from './store.js';

export type MailboxSettings = {
  /** 0 takes any free port, for both. */
  smtpPort: number;
  httpPort: number;
  /** Folder of the `.eml` files. */
  dataPath: string;
  host?: string;
};

export type Mailbox = {
  smtpPort: number;
  httpPort: number;
  store: MailStore;
  close(): Promise<void>;
};

const mailBytesMax = 10 * 1024 * 1024;
const listMax = 500;

/** Starts a mail server that keeps every mail and shows it on a page; nothing is ever sent on. */
export async function startMailbox(settings: MailboxSettings): Promise<Mailbox> {
  const host = settings.host ?? '127.0.0.1';
  const store = await openMailStore(settings.dataPath);
  const smtp = openSmtp(store);
  const smtpServer = smtp.listen(settings.smtpPort, host);
  await listening(smtpServer);
  const http = createServer((request, response) => {
    void answer(store, request.method ?? 'GET', request.url ?? '/', response).catch(() => {
      if (!response.headersSent) send(response, 500, 'text/plain', 'The mail could not be read.');
    });
  });
  http.listen(settings.httpPort, host);
  await listening(http).catch(async (error: unknown) => {
    await new Promise<void>((resolve) => smtp.close(resolve));
    throw error;
  });
  // A client that resets its connection must not end the mailbox.
  smtp.on('error', () => undefined);
  return {
    smtpPort: (smtpServer.address() as AddressInfo).port,
    httpPort: (http.address() as AddressInfo).port,
    store,
    close: async () => {
      http.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => http.close(() => resolve())),
        new Promise<void>((resolve) => smtp.close(resolve)),
      ]);
    },
  };
}

function openSmtp(store: MailStore): SMTPServer {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onAuth: (_auth, _session, done) => done(null, { user: 'anybody' }),
    size: mailBytesMax,
    logger: false,
    closeTimeout: 1_000,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', done);
      stream.on('end', () => {
        if (stream.sizeExceeded) {
          done(Object.assign(new Error('The mail is too large'), { responseCode: 552 }));
          return;
        }
        const recipients = session.envelope.rcptTo.map((one) => one.address);
        store.keep(Buffer.concat(chunks), recipients).then(
          () => done(),
          (error: Error) => done(error),
        );
      });
    },
  });
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    if (server.listening) {
      resolve();
      return;
    }
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  store: MailStore,
  method: string,
  target: string,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(target, 'http://localhost');
  if (method !== 'GET' && method !== 'HEAD') {
    send(response, 405, 'text/plain', 'This mailbox can only be read.');
    return;
  }
  if (url.pathname === '/healthz') return sendJson(response, { ok: true });
  if (url.pathname === '/') return sendHtml(response, listPage(store.list({ limit: listMax })));
  if (url.pathname === '/api/mails') {
    const to = url.searchParams.get('to');
    const limit = Math.min(
      listMax,
      Math.max(1, Number(url.searchParams.get('limit') ?? 100) || 100),
    );
    const before = url.searchParams.get('before');
    const results = store.list({
      limit,
      ...(to === null ? {} : { to }),
      ...(before === null ? {} : { before }),
    });
    return sendJson(response, { results: results.map(withUrls), next_cursor: null });
  }
  const [, area, id = '', view = '', part = ''] = url.pathname.split('/').map(decodeURIComponent);
  const mail = area === 'mails' ? store.find(id) : undefined;
  if (mail === undefined) return send(response, 404, 'text/plain', 'There is no such mail.');
  await answerMail(store, mail, view, part, response);
}

async function answerMail(
  store: MailStore,
  mail: MailSummary,
  view: string,
  part: string,
  response: ServerResponse,
): Promise<void> {
  if (view === '') return sendHtml(response, mailPage(mail));
  if (view === 'raw') return send(response, 200, 'message/rfc822', await store.raw(mail.id));
  const parts = await store.parts(mail.id);
  if (view === 'html') {
    const shown = mail.html.replace(/cid:([^"'\s>)]+)/g, (all, cid: string) => {
      const no = parts.findIndex((one) => one.cid === cid);
      return no < 0 ? all : `/mails/${encodeURIComponent(mail.id)}/parts/${no}`;
    });
    return sendHtml(response, shown);
  }
  const found = view === 'parts' && /^\d{1,3}$/.test(part) ? parts[Number(part)] : undefined;
  if (found === undefined) return send(response, 404, 'text/plain', 'There is no such part.');
  // Only harmless types are shown; anything else is a download, so a mail can't run in this page.
  const shows = /^(image\/(png|jpeg|gif)|application\/pdf)$/.test(found.type);
  const name = encodeURIComponent(found.filename ?? 'part');
  response.setHeader(
    'content-disposition',
    `${shows ? 'inline' : 'attachment'}; filename*=utf-8''${name}`,
  );
  send(response, 200, shows ? found.type : 'application/octet-stream', found.content);
}

function withUrls(mail: MailSummary): object {
  const base = `/mails/${encodeURIComponent(mail.id)}`;
  const attachments = mail.attachments.map((one) => ({ ...one, url: `${base}/parts/${one.part}` }));
  return { ...mail, attachments, url: base, raw_url: `${base}/raw` };
}

function sendJson(response: ServerResponse, body: unknown): void {
  send(response, 200, 'application/json; charset=utf-8', JSON.stringify(body));
}

function sendHtml(response: ServerResponse, body: string): void {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-src 'self'",
  );
  send(response, 200, 'text/html; charset=utf-8', body);
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
