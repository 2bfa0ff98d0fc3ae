/**
 * A small reader for mails, enough to look at what Usher sends: header words, nested multiparts,
 * base64 and quoted-printable, attachment names. It never throws; what it can't read stays text.
 */
export type MailPart = {
  type: string;
  charset: string;
  filename?: string;
  cid?: string;
  attached: boolean;
  content: Buffer;
};

export type ParsedMail = { headers: Map<string, string[]>; parts: MailPart[] };

const depthMax = 8;
const partsMax = 200;

export function parseMail(raw: Buffer): ParsedMail {
  const parts: MailPart[] = [];
  // Latin-1 keeps every byte as one character, so cutting by text loses nothing.
  const { headers, body } = splitHeaders(raw.toString('latin1'));
  walk(headers, body, parts, 0);
  return { headers, parts };
}

/** The first value of a header, decoded; empty when there is none. */
export function headerOf(headers: Map<string, string[]>, name: string): string {
  return decodeWords(headers.get(name)?.[0] ?? '');
}

/** The text of the first shown part of a type, such as `text/html`; empty when there is none. */
export function textOf(mail: ParsedMail, type: string): string {
  const part = mail.parts.find((one) => one.type === type && !one.attached);
  return part === undefined ? '' : decodeText(part.content, part.charset);
}

function walk(
  headers: Map<string, string[]>,
  body: string,
  parts: MailPart[],
  depth: number,
): void {
  if (depth > depthMax || parts.length >= partsMax) return;
  const type = readValue(headers.get('content-type')?.[0] ?? 'text/plain');
  const boundary = type.params.get('boundary');
  if (type.value.startsWith('multipart/') && boundary !== undefined && boundary !== '') {
    for (const section of splitParts(body, boundary)) {
      const inner = splitHeaders(section);
      walk(inner.headers, inner.body, parts, depth + 1);
    }
    return;
  }
  const disposition = readValue(headers.get('content-disposition')?.[0] ?? '');
  const filename = disposition.params.get('filename') ?? type.params.get('name');
  const cid = /<([^>]+)>/.exec(headers.get('content-id')?.[0] ?? '')?.[1];
  parts.push({
    type: type.value,
    charset: type.params.get('charset') ?? 'utf-8',
    ...(filename === undefined ? {} : { filename }),
    ...(cid === undefined ? {} : { cid }),
    attached: disposition.value === 'attachment' || filename !== undefined,
    content: decodeBody(body, (headers.get('content-transfer-encoding')?.[0] ?? '').toLowerCase()),
  });
}

function splitHeaders(text: string): { headers: Map<string, string[]>; body: string } {
  const end = /\r?\n\r?\n/.exec(text);
  const head = text.startsWith('\n') || text.startsWith('\r\n') ? '' : text.slice(0, end?.index);
  const body =
    head === ''
      ? text.replace(/^\r?\n/, '')
      : end === null
        ? ''
        : text.slice(end.index + end[0].length);
  const headers = new Map<string, string[]>();
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return { headers, body };
}

function splitParts(body: string, boundary: string): string[] {
  const sections: string[] = [];
  let current: string[] | undefined;
  for (const line of body.split('\n')) {
    const bare = line.trimEnd();
    if (bare !== `--${boundary}` && bare !== `--${boundary}--`) {
      current?.push(line);
      continue;
    }
    // The line break before a boundary belongs to the boundary.
    if (current !== undefined) sections.push(current.join('\n').replace(/\r$/, ''));
    if (bare.endsWith(`${boundary}--`)) return sections;
    current = [];
  }
  return sections;
}

/** Reads `value; name=x; name="y"; name*0*=utf-8''…` into its value and decoded parameters. */
function readValue(text: string): { value: string; params: Map<string, string> } {
  const [value = '', ...rest] = text.split(';');
  const pieces = new Map<string, { no: number; text: string; encoded: boolean }[]>();
  const pattern = /([\w!#$&+.^`|~-]+?)(?:\*(\d+))?(\*)?=(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g;
  for (const match of rest.join(';').matchAll(pattern)) {
    const [, name = '', no = '0', star, quoted, bare = ''] = match;
    const piece = {
      no: Number(no),
      text: quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'),
      encoded: star !== undefined,
    };
    pieces.set(name.toLowerCase(), [...(pieces.get(name.toLowerCase()) ?? []), piece]);
  }
  const params = new Map<string, string>();
  for (const [name, list] of pieces) {
    const text = list
      .sort((a, b) => a.no - b.no)
      .map((piece) => (piece.encoded ? percentToLatin1(piece.text) : piece.text))
      .join('');
    params.set(name, list[0]?.encoded === true ? decodeExtended(text) : decodeWords(text));
  }
  return { value: value.trim().toLowerCase(), params };
}

function percentToLatin1(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function decodeExtended(text: string): string {
  const [, charset = 'utf-8', rest = text] = /^([\w-]*)'[\w-]*'([\s\S]*)$/.exec(text) ?? [];
  return decodeText(Buffer.from(rest, 'latin1'), charset);
}

/** Header words such as `=?utf-8?B?…?=`; blanks between two of them are not text. */
export function decodeWords(text: string): string {
  const joined = text.replace(/(\?=)\s+(=\?)/g, '$1$2');
  const decoded = joined.replace(
    /=\?([\w-]+)(?:\*[\w-]+)?\?([bq])\?([^?]*)\?=/gi,
    (_all, charset: string, encoding: string, content: string) => {
      const bytes =
        encoding.toLowerCase() === 'b'
          ? Buffer.from(content, 'base64')
          : decodeQuoted(content.replaceAll('_', ' '));
      return decodeText(bytes, charset);
    },
  );
  return decoded === text ? decodeText(Buffer.from(text, 'latin1'), 'utf-8') : decoded;
}

function decodeBody(body: string, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(body, 'base64');
  if (encoding === 'quoted-printable') return decodeQuoted(body);
  return Buffer.from(body, 'latin1');
}

function decodeQuoted(text: string): Buffer {
  const soft = text.replace(/=[ \t]*\r?\n/g, '');
  const bytes = soft.replace(/=([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1');
}

function decodeText(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset === '' ? 'utf-8' : charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}
