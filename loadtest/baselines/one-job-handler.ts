import { Queue } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';

/** Puts one job per request into the queue and answers with what its worker tells. */
type Body = { show_id: number; fan_id: string; request_no: number; seats: string[] };

const url = process.env.BASELINE_REDIS_URL ?? '';
const prefix = process.env.BASELINE_PREFIX ?? '';
const outcomeMsMax = 60_000;
const connection = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue('one-job', { connection, prefix });
const results = new Redis(url);
const told = new Map<string, string>();
const asked = new Map<string, (outcome: string) => void>();
results.on('message', (_channel, text) => {
  const [id, outcome] = JSON.parse(text) as [string, string];
  const resolve = asked.get(id);
  asked.delete(id);
  if (resolve) resolve(outcome);
  else told.set(id, outcome);
});
await results.subscribe(`${prefix}:done`);

function outcomeOf(id: string): Promise<string> {
  const known = told.get(id);
  told.delete(id);
  if (known !== undefined) return Promise.resolve(known);
  return new Promise((resolve) => {
    asked.set(id, resolve);
    setTimeout(() => resolve('UNKNOWN'), outcomeMsMax).unref();
  });
}

const app = express();
app.use(express.json());
app.post('/book', async (req, res) => {
  const body = req.body as Body;
  const passId = `p${String(body.request_no).padStart(15, '0')}`;
  const data = { showId: body.show_id, fanId: body.fan_id, passId, seats: body.seats };
  const job = await queue.add('reserve', data, { attempts: 3 });
  const outcome = await outcomeOf(job.id ?? '');
  if (outcome === 'GRANTED') res.json({ seats: body.seats });
  else res.status(outcome === 'REFUSED' ? 409 : 503).json({ error: outcome });
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  console.log(JSON.stringify({ msg: 'listening', port }));
});
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void queue.close().then(() => {
    connection.disconnect();
    results.disconnect();
  });
});
