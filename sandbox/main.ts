import { z } from 'zod';
import { startSandbox } from './app.js';

const environment = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(12_111),
  SANDBOX_HOST: z.string().min(1).default('127.0.0.1'),
  SANDBOX_DATA: z.string().min(1).optional(),
  SANDBOX_WEBHOOK_URL: z.url().optional(),
  SANDBOX_WEBHOOK_SECRET: z.string().min(1).optional(),
  SANDBOX_SECRET_KEY: z.string().min(1),
  SANDBOX_PUBLIC_URL: z.url().optional(),
});

const read = environment.safeParse(process.env);
if (!read.success) {
  console.error(`The sandbox can't start:\n${z.prettifyError(read.error)}`);
  process.exit(2);
}
const env = read.data;
if ((env.SANDBOX_WEBHOOK_URL === undefined) !== (env.SANDBOX_WEBHOOK_SECRET === undefined)) {
  console.error('Set SANDBOX_WEBHOOK_URL and SANDBOX_WEBHOOK_SECRET together, or neither.');
  process.exit(2);
}

const sandbox = await startSandbox({
  port: env.SANDBOX_PORT,
  host: env.SANDBOX_HOST,
  secretKey: env.SANDBOX_SECRET_KEY,
  ...(env.SANDBOX_DATA === undefined ? {} : { dataPath: env.SANDBOX_DATA }),
  ...(env.SANDBOX_PUBLIC_URL === undefined ? {} : { publicUrl: env.SANDBOX_PUBLIC_URL }),
  ...(env.SANDBOX_WEBHOOK_URL === undefined || env.SANDBOX_WEBHOOK_SECRET === undefined
    ? {}
    : { webhook: { url: env.SANDBOX_WEBHOOK_URL, secret: env.SANDBOX_WEBHOOK_SECRET } }),
}).catch((error: unknown) => {
  console.error(`The sandbox can't listen on port ${env.SANDBOX_PORT}: ${String(error)}`);
  process.exit(3);
});

let stopping = false;
const stop = (): void => {
  if (stopping) process.exit(130);
  stopping = true;
  void sandbox.close().then(() => process.exit(0));
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// Said last: whoever waits for this line may send a signal at once.
console.log(JSON.stringify({ msg: 'listening', port: sandbox.port }));
