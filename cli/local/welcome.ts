import type { LocalSettings } from '../../core/runtime/supervisor-env.js';

/** What a person sees when everything runs: where to look, how to be staff, what to try. */
export function welcomeText(settings: LocalSettings): string {
  const { ports, runs, dataDir, demoImported } = settings;
  const page = `http://localhost:${ports.api}`;
  const lines: [string, string][] = [
    ['The page', page],
    ['Mail', runs.mailbox ? `http://localhost:${ports.mailboxHttp}` : 'goes to USHER_SMTP_URL'],
    ['As staff', 'commands in this folder are logged in already, as admin'],
    ['', './usher token --role ops   (a token for HTTP calls)'],
    ['Payment', runs.sandbox ? 'a local sandbox: no real money' : 'Stripe, with your key'],
    ['Data and logs', dataDir],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  const tries = demoImported
    ? [
        'open the page in two browsers and join the premiere in both',
        './usher sale list           what is on sale',
        './usher sale watch SALE     the room, live',
        './usher seats SHOW          the seat map in the terminal',
        './usher audit               recount every seat and every payment',
      ]
    : [
        './usher import FILE         put a catalog in',
        './usher help                what else there is',
      ];
  return [
    '',
    '  Usher is ready.',
    '',
    ...lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
    '',
    '  Try next',
    ...tries.map((text) => `    ${text}`),
    '',
    '  Ctrl-C stops everything and keeps the data.',
    '',
    '',
  ].join('\n');
}
