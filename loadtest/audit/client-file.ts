import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ClientEntry } from '../crowd/client-log.js';

/** Reads the JSON lines of a crowd. @throws Error that names the line that is none. */
export async function readClientLog(path: string): Promise<ClientEntry[]> {
  const entries: ClientEntry[] = [];
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  let no = 0;
  for await (const line of lines) {
    no += 1;
    if (line === '') continue;
    try {
      entries.push(JSON.parse(line) as ClientEntry);
    } catch {
      throw new Error(`${path}: line ${no} is not JSON`);
    }
  }
  return entries;
}
