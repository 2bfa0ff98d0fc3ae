import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { refused } from './exit.js';

export const doorListSchema = z.object({
  show_id: z.string(),
  movie: z.string(),
  cinema: z.string(),
  hall: z.string(),
  starts_at: z.string(),
  time_zone: z.string().default('UTC'),
  as_of: z.string(),
  keys: z.array(z.object({ kid: z.string(), public_pem: z.string() })),
  tickets: z.array(
    z.object({
      ticket_id: z.string(),
      booking_id: z.string(),
      seat: z.string(),
      zone: z.string(),
      counter: z.number(),
      state: z.enum(['valid', 'used', 'void']),
      used_at: z.string().nullable(),
      gate: z.string().nullable(),
    }),
  ),
});
export type DoorList = z.infer<typeof doorListSchema>;

const scanSchema = z.object({
  scan_id: z.string(),
  qr: z.string(),
  gate: z.string(),
  at: z.string(),
  ticket_id: z.string(),
  counter: z.number(),
  merged: z.boolean(),
});
export type KeptScan = z.infer<typeof scanSchema>;

const fileSchema = z.object({ list: doorListSchema, scans: z.array(scanSchema) });

/** What a door keeps on its own disk: the list fetched before, and what it admitted by itself. */
export type DoorFile = z.infer<typeof fileSchema>;

/** Undefined when there is none. @throws CliError when the file is something else. */
export function readDoorFile(file: string): DoorFile | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw refused('not_acceptable', `${file} is no list of a door. Fetch one with --prepare.`);
  }
}

/** Written whole and to the disk before anybody is let in by it; a cut never leaves half a file. */
export function writeDoorFile(file: string, door: DoorFile): void {
  const fresh = `${file}.new`;
  const handle = openSync(fresh, 'w', 0o600);
  try {
    writeSync(handle, JSON.stringify(door));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
}
