import { type CliError, refused } from './exit.js';

const sentences: Record<string, string> = {
  EACCES: 'You may not open it. Run this as its owner, or name another file.',
  EPERM: 'You may not change it. Run this as its owner, or name another file.',
  EEXIST: 'It is there already. Name another file.',
  EISDIR: 'It is a folder. Name a file.',
  ELOOP: 'Its links lead in a circle. Name another file.',
  EINVAL: 'The system takes no such name. Name another file.',
  ENAMETOOLONG: 'The name is too long. Name another file.',
  ENOENT: 'There is no such file or folder.',
  ENOSPC: 'The disk is full.',
  ENOTDIR: 'A part of the path is a file, not a folder.',
  EROFS: 'The disk can only be read. Name another file.',
};

/** What the system says of a file that was named, in words; undefined for any other error. */
export function fileError(error: unknown): CliError | undefined {
  const { code = '', path } = (error ?? {}) as NodeJS.ErrnoException;
  const sentence = sentences[code];
  if (!sentence) return undefined;
  return refused('bad_file', path === undefined ? sentence : `${path}: ${sentence}`);
}
