// Makes a fresh clone runnable: checks Node, installs the locked packages, builds. Each step is
// skipped when nothing has changed since it last succeeded, so that a second start costs nothing.
// With --for-tests it also sees to the engines and the browser that the tests need.
//
// Only Node's own modules here: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const NODE_NEEDED = [20, 19];
const OUTPUT_CHARS_MAX = 64_000;
const TAIL_LINES = 25;
const LOCK_WAIT_MS_MAX = 900_000;
const SOURCES = [
  ...['api', 'admission', 'processor', 'cli', 'loadtest', 'core', 'sandbox', 'mailbox'],
  ...['simulate', 'web'],
  ...['scripts/assets.mjs', 'tsconfig.json', 'package.json', 'package-lock.json'],
];
// What the tests call besides the engines: a browser, a reader of QR codes and one of PDFs.
const TEST_PROGRAMS = [
  [['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], 'chromium'],
  [['zbarimg'], 'zbar-tools'],
  [['pdftotext'], 'poppler-utils'],
];

class SetupError extends Error {}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1])) return;
  throw new SetupError(
    `Usher needs Node ${NODE_NEEDED.join('.')} or newer; this is ${process.versions.node}.\n` +
      'Get one from https://nodejs.org/ or your package manager, then start again.',
  );
}

/** Says what is being done: on a terminal one line that moves, elsewhere a line per step. */
function progress(text) {
  const startedAt = Date.now();
  const isLive = process.stdout.isTTY;
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1);
  let detail = '';
  const draw = () => {
    const width = (process.stdout.columns ?? 100) - 1;
    const line = `  … ${text} (${seconds()} s) ${detail}`.slice(0, width);
    process.stdout.write(`\r\x1b[2K${line}`);
  };
  const timer = isLive ? setInterval(draw, 200) : null;
  if (!isLive) process.stdout.write(`  … ${text}\n`);
  const end = (mark) => {
    if (timer) clearInterval(timer);
    if (!isLive && mark === '✓') return;
    process.stdout.write(`${isLive ? '\r\x1b[2K' : ''}  ${mark} ${text} (${seconds()} s)\n`);
  };
  return {
    detail: (line) => {
      detail = line;
    },
    done: () => end('✓'),
    failed: () => end('✗'),
  };
}

function runCommand(command, args, onLine) {
  return new Promise((resolve) => {
    let output = '';
    const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const take = (chunk) => {
      output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX);
      onLine(chunk.toString().trimEnd().split('\n').at(-1) ?? '');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: output + error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

async function step(text, command, args, advice) {
  const shown = progress(text);
  const { code, output } = await runCommand(command, args, shown.detail);
  if (code === 0) return shown.done();
  shown.failed();
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n    ');
  throw new SetupError(
    `${text} failed: ${[command, ...args].join(' ')} ended with code ${code}.\n\n` +
      `    ${tail}\n\n${advice}`,
  );
}

const digestOf = (text) => createHash('sha256').update(text).digest('hex');

function readStamp(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** True when the packages that npm recorded as installed are the locked ones. */
function lockIsInstalled() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const file = join(root, 'node_modules/.package-lock.json');
    const have = JSON.parse(readFileSync(file, 'utf8')).packages;
    return Object.entries(wanted).every(
      ([path, entry]) =>
        path === '' ||
        have[path]?.version === entry.version ||
        (have[path] === undefined && (entry.optional || entry.peer)),
    );
  } catch {
    return false;
  }
}

async function installPackages() {
  const stampFile = join(root, 'node_modules/.usher-stamp');
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const stamp = digestOf(`${lock}\n${process.platform} ${process.arch}`);
  if (readStamp(stampFile) === stamp) return;
  if (!lockIsInstalled()) {
    const npm = process.env.npm_execpath;
    const viaNode = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
    // Not `npm ci`: the lock names the packages of the platforms that it was made on, and `ci`
    // refuses it where a package offers others. Every locked version is still the one installed.
    const flags = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    const [command, ...args] = [...viaNode, 'install', ...flags];
    await step(
      'Installing packages',
      command,
      args,
      'Check that this machine reaches the npm registry (npm ping), then start again.',
    );
  }
  writeFileSync(stampFile, `${stamp}\n`);
}

function* sourceFiles(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) yield [path, found];
  if (!found?.isDirectory()) return;
  for (const name of readdirSync(path).sort()) {
    if (name === 'node_modules' || name.endsWith('.test.ts')) continue;
    yield* sourceFiles(join(path, name));
  }
}

/** Changes whenever a source file appears, goes, or is written. */
function sourcesDigest() {
  const lines = [process.versions.node];
  for (const source of SOURCES) {
    for (const [path, found] of sourceFiles(join(root, source))) {
      lines.push(`${relative(root, path)} ${found.size} ${found.mtimeMs}`);
    }
  }
  return digestOf(lines.join('\n'));
}

const BUILD_STEPS = [
  [/^tsc\b/, 'Compiling'],
  [/assets/, 'Copying assets'],
  [/^vite\b/, 'Building the page'],
];

async function build() {
  const stampFile = join(root, 'dist/.build-stamp');
  const stamp = sourcesDigest();
  if (readStamp(stampFile) === stamp) return;
  rmSync(stampFile, { force: true });
  // The commands are those of `npm run build`, one by one, to say which of them failed.
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const line of scripts.build.split('&&')) {
    const [command, ...args] = line.trim().split(/\s+/);
    if (command === 'vite' && !existsSync(join(root, 'web/vite.config.ts'))) continue;
    const text = BUILD_STEPS.find(([pattern]) => pattern.test(line.trim()))?.[1] ?? line.trim();
    await step(
      text,
      command === 'node' ? process.execPath : command,
      args,
      'Mend what it names (a clean checkout builds: git status shows what differs), then start again.',
    );
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, `${stamp}\n`);
}

async function prepareTests() {
  const {
    ensureEngines,
    findProgram,
    installPackages: installSystemPackages,
  } = await import(join(root, 'dist/core/runtime/engines-find.js'));
  const missing = () =>
    TEST_PROGRAMS.filter(([names]) => findProgram(names, process.env) === null).map(
      ([, name]) => name,
    );
  const shown = progress('Looking for MariaDB, Redis, Chromium');
  try {
    await ensureEngines(process.env, shown.detail);
    const wanted = missing();
    const trouble =
      wanted.length > 0 ? await installSystemPackages(wanted, process.env, shown.detail) : null;
    const still = missing();
    if (still.includes('chromium') && (await downloadChromium(shown.detail))) {
      still.splice(still.indexOf('chromium'), 1);
    }
    if (still.length > 0) {
      throw new SetupError(
        `The tests need ${still.join(' ')}.\n${trouble ?? ''}\n` +
          `Install with:  sudo apt-get install ${still.join(' ')}\nthen run again: npm test`,
      );
    }
    shown.done();
  } catch (error) {
    shown.failed();
    throw error.name === 'EnginesMissingError' ? new SetupError(error.message) : error;
  }
}

// Ubuntu has Chromium only as a snap, which a container or server may lack.
async function downloadChromium(onLine) {
  const { chromium } = await import('playwright-core');
  if (existsSync(chromium.executablePath())) return true;
  const cli = join(root, 'node_modules/playwright-core/cli.js');
  await runCommand(process.execPath, [cli, 'install', '--with-deps', 'chromium'], onLine);
  return existsSync(chromium.executablePath());
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// `npm start` and `npm test` may be called at the same moment; one of them sets up, both go on.
async function withLock(work) {
  const lockFile = join(tmpdir(), `usher-setup-${digestOf(root).slice(0, 12)}.lock`);
  const until = Date.now() + LOCK_WAIT_MS_MAX;
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readStamp(lockFile));
    const age = Date.now() - (statSync(lockFile, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if ((owner > 0 && !isAlive(owner)) || (!owner && age > 2_000))
      rmSync(lockFile, { force: true });
    else if (Date.now() > until) throw new SetupError(`Another set-up (process ${owner}) hangs.`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => rmSync(lockFile, { force: true });
  process.once('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => process.exit(130));
  try {
    await work();
  } finally {
    release();
  }
}

try {
  checkNode();
  await withLock(async () => {
    await installPackages();
    await build();
    if (process.argv.includes('--for-tests')) await prepareTests();
  });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}\n`);
  process.exit(1);
}
