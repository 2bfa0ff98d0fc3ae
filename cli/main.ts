import { runCli } from './program.js';

const { env, stdin, stdout, stderr } = process;
// A reader that closes early, such as `head`, is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await runCli(process.argv.slice(2), { env, stdin, stdout, stderr });
