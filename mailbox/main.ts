import { z } from 'zod';
import { startMailbox } from './app.js';

const port = z.coerce.number().int().min(0).max(65_535);
const environment = z.object({
  MAILBOX_SMTP_PORT: port.default(2525),
  MAILBOX_HTTP_PORT: port.default(8025),
  MAILBOX_HOST: z.string().min(1).default('127.0.0.1'),
  MAILBOX_DATA: z.string().min(1).default('.usher/mailbox'),
});

const read = environment.safeParse(process.env);
if (!read.success) {
  console.error(`The mailbox can't start:\n${z.prettifyError(read.error)}`);
  process.exit(2);
}
const env = read.data;
const mailbox = await startMailbox({
  smtpPort: env.MAILBOX_SMTP_PORT,
  httpPort: env.MAILBOX_HTTP_PORT,
  host: env.MAILBOX_HOST,
  dataPath: env.MAILBOX_DATA,
}).catch((error: unknown) => {
  console.error(`The mailbox can't start: ${String(error)}`);
  process.exit(3);
});

let stopping = false;
const stop = (): void => {
  if (stopping) process.exit(130);
  stopping = true;
  void mailbox.close().then(() => process.exit(0));
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// Said last: whoever waits for this line may send a signal at once.
console.log(
  JSON.stringify({ msg: 'listening', port: mailbox.httpPort, smtp_port: mailbox.smtpPort }),
);
