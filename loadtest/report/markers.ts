/**
 * Replaces what stands between `<!-- name: begin -->` and `<!-- name: end -->`. @throws Error when
 * the text has no such pair, so that nothing is written to a page that doesn't expect it.
 */
export function replaceBetween(text: string, name: string, content: string): string {
  const begin = `<!-- ${name}: begin, written by the tool -->`;
  const end = `<!-- ${name}: end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no place for ${name}`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
}
