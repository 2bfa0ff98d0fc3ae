import type { Token } from './tokens.js';

/** Where the reading of a Lua text stands, and which locals it has met. */
export type Parser = { tokens: Token[]; at: number; scopes: Map<string, string>[]; names: number };

export const look = (parser: Parser): Token =>
  parser.tokens[parser.at] ?? { kind: 'end', text: '', line: 0 };

export function unexpected(parser: Parser): Error {
  const { text, line } = look(parser);
  return new Error(`line ${line}: ${text} was not expected`);
}

export function next(parser: Parser): Token {
  const token = look(parser);
  parser.at += 1;
  return token;
}

/** Takes this word if it comes next. */
export function take(parser: Parser, text: string): boolean {
  const token = look(parser);
  if (token.text !== text || token.kind === 'text') return false;
  parser.at += 1;
  return true;
}

export function expect(parser: Parser, text: string): void {
  if (!take(parser, text)) throw unexpected(parser);
}

export function nameOf(parser: Parser): string {
  if (look(parser).kind !== 'name') throw unexpected(parser);
  return next(parser).text;
}

/** A Lua local may be declared twice in one block, which JavaScript refuses: each gets a number. */
export function declare(parser: Parser, name: string): string {
  parser.names += 1;
  const unique = `${name}$${parser.names}`;
  parser.scopes.at(-1)?.set(name, unique);
  return unique;
}
