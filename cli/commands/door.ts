import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { z } from 'zod';
import { openLastingClient } from '../client.js';
import { addCommand, type Call, type Session } from '../command.js';
import { dataDirOf } from '../context.js';
import { checkOffline } from '../door-check.js';
import {
  type DoorFile,
  doorListSchema,
  type KeptScan,
  readDoorFile,
  writeDoorFile,
} from '../door-file.js';
import { CliError, type ExitCode, exitCodes, refused } from '../exit.js';
import { type Out, table } from '../out.js';
import { clockText } from '../time.js';

const admittedSchema = z.object({ seat: z.string(), zone: z.string(), used_at: z.string() });
const mergedSchema = z.object({
  results: z.array(
    z.object({
      scan_id: z.string(),
      result: z.enum(['admitted', 'conflict', 'invalid']),
      reason: z.string().nullable(),
      seat: z.string().nullable(),
      first_gate: z.string().nullable(),
      first_at: z.string().nullable(),
    }),
  ),
});
const conflictsSchema = z.object({
  results: z.array(
    z.object({
      scan_id: z.string(),
      booking_id: z.string(),
      seat: z.string(),
      gate: z.string(),
      at: z.string(),
      by: z.string(),
      reason: z.string(),
      first_gate: z.string().nullable(),
      first_at: z.string().nullable(),
    }),
  ),
});

/** A door waits this long for the network before it decides by its list. */
const answerMsMax = 1_500;
const mergeMax = 500;

type Door = {
  show: string;
  file: string;
  gate: string;
  client: ReturnType<typeof openLastingClient>;
  out: Out;
};

export function addDoorCommand(program: Command, session: Session): void {
  addCommand(program, session, {
    usage: 'door <show>',
    summary: 'scan tickets at the door, one code a line; works on without network',
    examples: [
      'usher door 12 --prepare',
      'usher door 12 --gate north',
      'usher door 12 --merge',
      'usher door 12 --conflicts',
      'usher door 12 --print > list.txt',
    ],
    options: (command) =>
      command
        .option('--gate <name>', 'which door this is', 'door')
        .option('--file <file>', 'where keys, list and scans are kept')
        .option('--prepare', 'fetch keys and tickets, to go on without network')
        .option('--offline', 'do not ask the network at all')
        .option('--merge', 'hand over what was admitted without network')
        .option('--conflicts', 'list who came in by a used or void ticket')
        .option('--print', 'the list on paper, for the day when nothing works'),
    run: (call) => runDoor(call),
  });
}

async function runDoor({ args, options, out, context }: Call): Promise<ExitCode | undefined> {
  const show = String(args[0]);
  const named = options.file === undefined ? undefined : resolve(String(options.file));
  const file = named ?? join(dataDirOf(context), `door-${show.replace(/\D/g, '')}.json`);
  const door = { show, file, gate: String(options.gate), client: openLastingClient(context), out };
  if (options.print) return printList(door);
  if (options.conflicts) return showConflicts(door);
  if (options.merge) return mergeAll(door);
  if (options.prepare) {
    await prepare(door);
    return undefined;
  }
  return scanLines(door, createInterface({ input: context.stdin }), options.offline === true);
}

/** Fetches the newest list; scans that are not handed over yet stay. */
async function prepare({ show, file, client, out }: Door): Promise<void> {
  const list = await client.get(`shows/${encodeURIComponent(show)}/door`, doorListSchema);
  const scans = readDoorFile(file)?.scans.filter((scan) => !scan.merged) ?? [];
  writeDoorFile(file, { list, scans });
  const summary = { file, tickets: list.tickets.length, as_of: list.as_of };
  out.result(summary, () => `Ready: ${list.tickets.length} tickets of ${list.movie} in ${file}.`);
}

async function printList({ show, file, client, out }: Door): Promise<undefined> {
  let list = readDoorFile(file)?.list;
  try {
    list = await client.get(`shows/${encodeURIComponent(show)}/door`, doorListSchema);
  } catch (error) {
    if (!list || !isAway(error)) throw error;
  }
  const shown = list;
  const rows = shown.tickets.filter((ticket) => ticket.state !== 'void');
  const clock = (iso: string) => clockText(iso, shown.time_zone);
  out.result({ ...shown, tickets: rows }, () =>
    [
      `${shown.movie}   ${shown.cinema}, ${shown.hall}   ${clock(shown.starts_at)}`,
      `${rows.length} tickets as of ${clock(shown.as_of)}`,
      table(
        ['in', 'seat', 'zone', 'ticket', 'booking'],
        rows.map((one) => [
          one.state === 'used' ? '[x]' : '[ ]',
          ...[one.seat, one.zone, one.ticket_id, one.booking_id],
        ]),
      ),
    ].join('\n'),
  );
  return undefined;
}

async function showConflicts({ show, client, out }: Door): Promise<undefined> {
  const path = `shows/${encodeURIComponent(show)}/door/conflicts`;
  const { results } = await client.get(path, conflictsSchema);
  out.result(results, () =>
    table(
      ['seat', 'why', 'came in at', 'gate', 'first at', 'first gate', 'booking'],
      results.map((one) => [
        ...[one.seat, one.reason, one.at, one.gate, one.first_at, one.first_gate, one.booking_id],
      ]),
    ),
  );
  return undefined;
}

async function mergeAll(door: Door): Promise<ExitCode> {
  const kept = readDoorFile(door.file);
  if (!kept) throw refused('not_found', `There is no list at ${door.file}.`);
  const results = await merge(door, kept);
  const conflicts = results.filter((one) => one.result !== 'admitted');
  door.out.result(results, () =>
    conflicts.length === 0
      ? `Handed over ${results.length} scans, without a conflict.`
      : table(
          ['seat', 'why', 'first at', 'first gate', 'scan'],
          conflicts.map((one) => [
            ...[one.seat, one.reason, one.first_at, one.first_gate, one.scan_id],
          ]),
        ),
  );
  return conflicts.length === 0 ? exitCodes.done : exitCodes.refused;
}

type MergedScan = z.infer<typeof mergedSchema>['results'][number];

async function merge(door: Door, kept: DoorFile): Promise<MergedScan[]> {
  const waiting = kept.scans.filter((scan) => !scan.merged);
  const results: MergedScan[] = [];
  for (let from = 0; from < waiting.length; from += mergeMax) {
    const part = waiting.slice(from, from + mergeMax);
    const scans = part.map(({ scan_id, qr, gate, at }) => ({ scan_id, qr, gate, at }));
    const path = `shows/${encodeURIComponent(door.show)}/door/merge`;
    const answer = await door.client.post(path, mergedSchema, { body: { scans } });
    results.push(...answer.results);
    for (const scan of part) scan.merged = true;
    writeDoorFile(door.file, kept);
  }
  return results;
}

async function scanLines(
  door: Door,
  lines: AsyncIterable<string>,
  offline: boolean,
): Promise<ExitCode> {
  let refusals = 0;
  door.out.note(`Scan for show ${door.show} at gate ${door.gate}; end with Ctrl-D.`);
  for await (const line of lines) {
    const qr = line.trim();
    if (qr === '') continue;
    if (!(await scanOne(door, qr, offline))) refusals += 1;
  }
  const kept = readDoorFile(door.file);
  const left = kept?.scans.filter((scan) => !scan.merged).length ?? 0;
  if (left > 0) door.out.note(`${left} scans wait to be handed over: usher door --merge.`);
  return refusals === 0 ? exitCodes.done : exitCodes.refused;
}

async function scanOne(door: Door, qr: string, offline: boolean): Promise<boolean> {
  const scan_id = randomBytes(9).toString('base64url');
  if (!offline) {
    try {
      const body = { qr, gate: door.gate, show_id: door.show, scan_id };
      const call = door.client.post('scan', admittedSchema, { body });
      const admitted = await within(call, answerMsMax);
      keepScan(door, { qr, scan_id, at: admitted.used_at });
      door.out.line({ result: 'admitted', ...admitted }, () => `ADMIT   seat ${admitted.seat}`);
      return true;
    } catch (error) {
      if (!isAway(error)) return refuse(door, error);
    }
  }
  const kept = readDoorFile(door.file);
  if (!kept) {
    const detail = `No network, and no list at ${door.file}: fetch one with --prepare.`;
    return refuse(door, refused('unavailable', detail));
  }
  return admitOffline(door, kept, { qr, scan_id });
}

/** Who was let in with the network is not let in again when it fails. */
function keepScan(door: Door, scan: Pick<KeptScan, 'qr' | 'scan_id' | 'at'>): void {
  const kept = readDoorFile(door.file);
  const verdict = kept && checkOffline(kept, scan.qr);
  if (!verdict || verdict.result === 'refused') return;
  const { ticketId: ticket_id, counter } = verdict;
  kept.scans.push({ ...scan, gate: door.gate, ticket_id, counter, merged: true });
  writeDoorFile(door.file, kept);
}

/** The scan is on the disk before green is shown. */
function admitOffline(
  door: Door,
  kept: DoorFile,
  { qr, scan_id }: Pick<KeptScan, 'qr' | 'scan_id'>,
): boolean {
  const verdict = checkOffline(kept, qr);
  if (verdict.result === 'refused') {
    return refuse(door, refused(verdict.error, verdict.detail));
  }
  const { ticketId: ticket_id, counter, seat } = verdict;
  const at = new Date().toISOString();
  kept.scans.push({ scan_id, qr, gate: door.gate, at, ticket_id, counter, merged: false });
  writeDoorFile(door.file, kept);
  const told = { result: 'admitted', offline: true, seat, ticket_id, used_at: at };
  door.out.line(told, () => `ADMIT   seat ${seat ?? 'on the ticket'}   (offline)`);
  return true;
}

function refuse(door: Door, error: unknown): false {
  const {
    error: code,
    message,
    extra,
  } = error instanceof CliError ? error : refused('internal', String(error));
  door.out.line({ result: 'refused', error: code, detail: message, ...extra }, () => {
    return `REFUSE  ${message}`;
  });
  return false;
}

function isAway(error: unknown): boolean {
  return error instanceof CliError && error.exitCode === exitCodes.unreachable;
}

async function within<T>(call: Promise<T>, msMax: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const slow = new CliError(exitCodes.unreachable, 'unreachable', 'no answer in time');
    timer = setTimeout(() => reject(slow), msMax);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
    call.catch(() => undefined);
  }
}
