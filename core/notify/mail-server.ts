import { hash } from 'node:crypto';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { openRestingBreaker } from '../runtime/breaker.js';

/**
 * What one server said. `refused`: it will never take this mail for this address. `failed`: not now.
 * `resting`: it failed too often and was not asked. Reasons hold codes only, never an address.
 */
export type ServerAnswer =
  | { kind: 'sent' }
  | { kind: 'refused'; reason: string }
  | { kind: 'failed'; reason: string }
  | { kind: 'resting'; reason: string };

export type MailServer = {
  /** Waits for its turn within the server's rate, then sends. */
  send(mail: SendMailOptions): Promise<ServerAnswer>;
  close(): void;
};

/** Opens the turns of one server, named without its secrets; each call resolves at its turn. */
export type OpenTurns = (server: string, perSecond: number) => () => Promise<void>;

export type MailServerSettings = { timeoutMs: number; restMs?: number; openTurns?: OpenTurns };

const connectionsMax = 3;
const mailsPerSecondUsual = 50;
/** With less, what waits to be sent would outlive its claim. */
const mailsPerSecondMin = 1;
const mailsPerSecondMax = 1_000;

/**
 * One SMTP server with its pool, its rate and its breaker. `?rate=10` at the end of the URL is how
 * many mails a second it is handed.
 */
export function openMailServer(
  url: string,
  {
    timeoutMs,
    restMs,
    openTurns = (_server, perSecond) => openPace(1_000 / perSecond),
  }: MailServerSettings,
): MailServer {
  const address = new URL(url);
  const rate = Number(address.searchParams.get('rate') ?? mailsPerSecondUsual);
  if (!(rate >= mailsPerSecondMin && rate <= mailsPerSecondMax)) {
    const bounds = `${mailsPerSecondMin} to ${mailsPerSecondMax}`;
    throw new Error(`USHER_SMTP_URL: rate must be ${bounds} mails a second`);
  }
  address.searchParams.delete('rate');
  const transport = createTransport({
    url: address.href,
    pool: true,
    maxConnections: connectionsMax,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Content comes as buffers and strings only: a path or URL in it must never be read.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const breaker = openRestingBreaker(restMs);
  const turn = openTurns(nameOf(address), rate);
  return {
    send: async (mail) => {
      if (!breaker.mayCall()) return { kind: 'resting', reason: 'resting' };
      await turn();
      try {
        await transport.sendMail(mail);
        breaker.succeeded();
        return { kind: 'sent' };
      } catch (error) {
        const answer = readFault(error);
        if (answer.kind === 'refused') breaker.succeeded();
        else breaker.failed();
        return answer;
      }
    },
    close: () => transport.close(),
  };
}

/** An account of a server, the same in all processes. */
function nameOf({ protocol, host, username }: URL): string {
  return hash('sha256', `${protocol}//${username}@${host}`, 'base64url').slice(0, 16);
}

/** Lets one caller through each `gapMs`, in the order in which they came. */
function openPace(gapMs: number): () => Promise<void> {
  let nextMs = 0;
  return async () => {
    const nowMs = performance.now();
    const atMs = Math.max(nowMs, nextMs);
    nextMs = atMs + gapMs;
    if (atMs > nowMs) await new Promise((resolve) => setTimeout(resolve, atMs - nowMs));
  };
}

/** A 5xx to the recipient or the message is final; anything about the server itself is not. */
function readFault(error: unknown): { kind: 'refused' | 'failed'; reason: string } {
  const { responseCode, code, command } = error as {
    responseCode?: number;
    code?: string;
    command?: string;
  };
  const aboutMail = command === 'RCPT TO' || command === 'DATA' || code === 'EENVELOPE';
  // Without an answer from a server, an envelope error means that the address is malformed.
  const malformed = code === 'EENVELOPE' && responseCode === undefined;
  const final = malformed || (aboutMail && responseCode !== undefined && responseCode >= 500);
  return {
    kind: final ? 'refused' : 'failed',
    reason: responseCode === undefined ? (code ?? 'no_answer') : `smtp_${responseCode}`,
  };
}
