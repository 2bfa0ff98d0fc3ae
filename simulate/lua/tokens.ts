export type Token = {
  kind: 'name' | 'number' | 'text' | 'sign' | 'end';
  text: string;
  line: number;
};

const pattern =
  /(\s+|--[^\n]*)|([A-Za-z_]\w*)|(\d+(?:\.\d+)?)|'((?:[^'\\\n]|\\.)*)'|(\.\.\.|\.\.|==|~=|<=|>=|[-+*/%^#<>=(){}[\];:,.])/y;

/** Cuts a Lua text into its words. @throws Error at the first sign that isn't Lua as we write it. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  pattern.lastIndex = 0;
  for (let at = 0; at < source.length; at = pattern.lastIndex) {
    const found = pattern.exec(source);
    if (!found) throw new Error(`line ${line}: ${source.slice(at, at + 20)} is no Lua`);
    const [all, blank, name, number, text, sign] = found;
    if (name !== undefined) tokens.push({ kind: 'name', text: name, line });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, line });
    else if (text !== undefined) tokens.push({ kind: 'text', text: plain(text), line });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, line });
    if (blank !== undefined) line += all.split('\n').length - 1;
  }
  return [...tokens, { kind: 'end', text: 'end of text', line }];
}

function plain(text: string): string {
  return text.replace(/\\(.)/g, (_all, sign: string) => (sign === 'n' ? '\n' : sign));
}
