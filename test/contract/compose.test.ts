// docker-compose.yml against the programs: what it starts, what it tells them, where they listen.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { buildProgram } from '../../cli/program.js';
import { readConfig } from '../../core/runtime/config.js';
import { SQL_MODE } from '../../core/runtime/engines-mysql.js';
import { packageRoot } from '../../core/runtime/paths.js';
import { PROGRAMS, programEnv } from '../../core/runtime/supervisor-env.js';

const service = z.object({
  image: z.string(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.unknown()).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  profiles: z.array(z.string()).default([]),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
});

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const services = z
  .record(z.string(), service)
  .parse((parse(read('docker-compose.yml'), { merge: true }) as { services: unknown }).services);
const ours = Object.entries(services).filter(([, { image }]) => image === 'usher');
const byImage = (image: string) =>
  Object.entries(services).filter(([, found]) => found.image === image);

/** A value as Docker would pass it on when nothing is set outside. */
function resolved(environment: Record<string, string>): Record<string, string> {
  const fill = (text: string) => text.replace(/\$\{\w+:?-([^}]*)\}/g, '$1');
  return Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, fill(text)]));
}

function programOf(command: string[]): string {
  return /^dist\/(\w+)\/main\.js$/.exec(command[1] ?? '')?.[1] ?? '';
}

/** Names of variables that a program's own schema reads. */
function readNames(program: string): string[] {
  const own = program === 'sandbox' || program === 'mailbox';
  const source = read(own ? `${program}/main.ts` : 'core/runtime/config.ts');
  return [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name ?? '');
}

describe('docker-compose.yml', () => {
  it('starts every program, by a file that the build makes', () => {
    const started = ours.map(([, { command }]) => programOf(command));
    for (const program of PROGRAMS) expect(started).toContain(program);
    for (const program of started) {
      expect([program, existsSync(join(packageRoot, program, 'main.ts'))]).toEqual([program, true]);
    }
  });

  it('calls commands and files that exist', () => {
    const stream = new PassThrough();
    const context = { env: {}, stdin: stream, stdout: stream, stderr: stream };
    const known = buildProgram({ context, exitCode: 0 }).commands.map((command) => command.name());
    const calls = ours.filter(([, { command }]) => programOf(command) === 'cli');
    expect(calls.map(([name]) => name)).toEqual(['migrate', 'import']);
    for (const [, { command }] of calls) {
      expect(known).toContain(command[2]);
      for (const file of command.slice(3)) expect(existsSync(join(packageRoot, file))).toBe(true);
    }
    for (const [, { build }] of ours) expect(read(build?.dockerfile ?? '')).toContain('FROM node');
  });

  it('tells each program only what it reads, and all that it needs', () => {
    for (const [name, { command, environment }] of ours) {
      const known = readNames(programOf(command));
      const unknown = Object.keys(environment).filter((variable) => !known.includes(variable));
      expect([name, unknown]).toEqual([name, []]);
      if ('USHER_MYSQL_URL' in environment) {
        expect(readConfig(resolved(environment)).shardUrls).toHaveLength(2);
      }
    }
  });

  it('tells them the same variables as a local start does', () => {
    const settings = {
      dataDir: '/data',
      catalogUrl: '',
      shardUrls: [],
      redisUrl: '',
      ports: { api: 1, sandbox: 2, mailboxHttp: 3, mailboxSmtp: 4 },
      stripe: { secretKey: '', webhookSecret: '', apiBase: '' },
      smtpUrl: '',
      limits: 'normal',
      secretsFile: '',
      runs: { sandbox: true, mailbox: true },
      demoStarted: false,
      demoImported: false,
    };
    for (const program of PROGRAMS) {
      const known = readNames(program);
      const local = Object.keys(programEnv(settings, program));
      expect(local.filter((name) => !known.includes(name))).toEqual([]);
      const given = Object.keys(services[program]?.environment ?? {});
      // In a container the keys lie in the shared data folder, where the programs look by themselves.
      const missing = local.filter((name) => !given.includes(name));
      expect(missing.filter((name) => name !== 'USHER_SECRETS_FILE')).toEqual([]);
    }
  });

  it('publishes the ports that the programs listen on, and asks the same for their health', () => {
    const listens: Record<string, string> = {
      api: 'USHER_PORT',
      sandbox: 'SANDBOX_PORT',
      mailbox: 'MAILBOX_HTTP_PORT',
    };
    for (const [name, { ports, environment, healthcheck }] of ours) {
      const variable = listens[name];
      if (variable === undefined) {
        expect([name, ports]).toEqual([name, []]);
        continue;
      }
      const port = environment[variable] ?? '';
      expect(ports.map((text) => text.split(':').at(-1))).toEqual([port]);
      expect(healthcheck?.test.join(' ')).toContain(port);
    }
  });

  it('points every address at a service of the file, with the right database and port', () => {
    const api = services.api?.environment ?? {};
    const { USHER_MYSQL_URL, USHER_SHARDS, USHER_REDIS_URL, USHER_SMTP_URL, STRIPE_API_BASE } =
      resolved(api);
    for (const text of [USHER_MYSQL_URL, ...(USHER_SHARDS ?? '').split(',')]) {
      const url = new URL(text ?? '');
      const database = resolved(services[url.hostname]?.environment ?? {});
      expect(url.pathname.slice(1)).toBe(database.MYSQL_DATABASE);
      expect(url.username).toBe(database.MYSQL_USER);
      expect(url.password).toBe(database.MYSQL_PASSWORD);
    }
    const [smtp, stripe] = [new URL(USHER_SMTP_URL ?? ''), new URL(STRIPE_API_BASE ?? '')];
    expect(services[smtp.hostname]?.environment.MAILBOX_SMTP_PORT).toBe(smtp.port);
    expect(services[stripe.hostname]?.environment.SANDBOX_PORT).toBe(stripe.port);
    expect(services[new URL(USHER_REDIS_URL ?? '').hostname]).toBeDefined();
    const webhook = new URL(services.sandbox?.environment.SANDBOX_WEBHOOK_URL ?? '');
    expect(services[webhook.hostname]?.environment.USHER_PORT).toBe(webhook.port);
  });

  it('waits for services that the file has, and gives every published service a health check', () => {
    for (const [name, { depends_on, ports, healthcheck }] of Object.entries(services)) {
      for (const other of Object.keys(depends_on)) expect(Object.keys(services)).toContain(other);
      if (ports.length > 0) expect([name, healthcheck !== undefined]).toEqual([name, true]);
    }
  });

  it('keeps what is committed: MySQL flushes and syncs, Redis appends and evicts nothing', () => {
    const databases = byImage('mysql:8.4');
    expect(databases).toHaveLength(3);
    for (const [, { command }] of databases) {
      expect(command).toEqual(
        expect.arrayContaining([
          '--innodb-flush-log-at-trx-commit=1',
          '--sync-binlog=1',
          '--transaction-isolation=READ-COMMITTED',
          '--innodb-autoinc-lock-mode=2',
          `--sql-mode=${SQL_MODE}`,
        ]),
      );
    }
    const redis = byImage('redis:7')[0]?.[1].command.join(' ');
    expect(redis).toContain('--appendonly yes');
    expect(redis).toContain('--maxmemory-policy noeviction');
  });
});
