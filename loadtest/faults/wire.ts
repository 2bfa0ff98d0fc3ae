import { createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * How a wire behaves. `cut`: connections end, new ones are refused. `hole`: everything is accepted
 * and nothing comes through. `reset`: what is under way is torn, new connections work. `half`: our
 * side of each connection is ended. `deaf`: questions arrive, answers are lost (with `after`, those
 * after a question with this text). `slow`: each piece waits. `trickle`: a few bytes at a time.
 */
export type WireMode = 'through' | 'cut' | 'hole' | 'deaf' | 'slow' | 'trickle';

export type Bending = { delayMs?: number; after?: string };

/** A piece of network between two programs, which faults may bend. */
export type Wire = {
  port: number;
  mode(mode: WireMode, bending?: Bending): void;
  /** Tears every connection with a reset; new ones work. */
  reset(): void;
  /** Ends our side of every connection. */
  halfClose(): void;
  /** How much the fault touched: connections refused or torn, pieces held back or lost. */
  touched(): number;
  close(): Promise<void>;
};

const trickleBytes = 64;
const trickleEveryMs = 10;
/** A text that questions are searched for may come in two pieces. */
const tailChars = 16;

export async function openWire(targetPort: () => number): Promise<Wire> {
  const pairs = new Set<{ near: Socket; far: Socket }>();
  const state: State = { mode: 'through', delayMs: 0, after: '', touched: 0 };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (state.mode === 'cut') {
      state.touched += 1;
      near.destroy();
      return;
    }
    const far = createConnection({ port: targetPort(), host: '127.0.0.1', allowHalfOpen: true });
    const pair = { near, far };
    const asked = { tail: '', isAsked: false };
    pairs.add(pair);
    near.setNoDelay(true);
    far.setNoDelay(true);
    for (const [from, to, isAnswer] of [
      [near, far, false],
      [far, near, true],
    ] as const) {
      carry(from, to, { isAnswer, state, asked });
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  await listening(server);
  const address = server.address();
  const end = (how: (pair: { near: Socket; far: Socket }) => void) => {
    for (const pair of pairs) {
      state.touched += 1;
      how(pair);
    }
  };
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    mode: (mode, { delayMs = 0, after = '' } = {}) => {
      // What a hole swallowed cannot be put together again: such connections end with the fault.
      const broken = state.mode === 'hole' || state.mode === 'deaf' || mode === 'cut';
      state.mode = mode;
      state.delayMs = delayMs;
      state.after = after;
      if (broken) end(({ near, far }) => [near.destroy(), far.destroy()]);
    },
    reset: () => end(({ near, far }) => [near.resetAndDestroy(), far.resetAndDestroy()]),
    halfClose: () => end(({ near, far }) => [near.end(), far.end()]),
    touched: () => state.touched,
    close: () =>
      new Promise((resolve) => {
        for (const { near, far } of pairs) [near.destroy(), far.destroy()];
        server.close(() => resolve());
      }),
  };
}

type State = { mode: WireMode; delayMs: number; after: string; touched: number };
/** Whether the text after which answers are lost was asked on this connection. */
type Asked = { tail: string; isAsked: boolean };

function note(asked: Asked, piece: Buffer, { after }: State): void {
  const text = asked.tail + piece.toString('latin1');
  asked.isAsked ||= after !== '' && text.includes(after);
  asked.tail = text.slice(-tailChars);
}

function carry(
  from: Socket,
  to: Socket,
  { isAnswer, state, asked }: { isAnswer: boolean; state: State; asked: Asked },
): void {
  // Pieces keep their order however long each of them waits.
  let queue: Promise<void> = Promise.resolve();
  from.on('data', (piece: Buffer) => {
    if (!isAnswer) note(asked, piece, state);
    const isLost = state.mode === 'deaf' && isAnswer && (state.after === '' || asked.isAsked);
    if (state.mode === 'hole' || isLost) {
      state.touched += 1;
      return;
    }
    if (state.mode === 'slow' || state.mode === 'trickle') state.touched += 1;
    const { mode, delayMs } = state;
    queue = queue.then(() => deliver(piece, to, { mode, delayMs }));
  });
  from.on('end', () => {
    queue = queue.then(() => void to.end());
  });
}

function deliver(
  piece: Buffer,
  to: Socket,
  { mode, delayMs }: { mode: WireMode; delayMs: number },
): Promise<void> | undefined {
  if (mode === 'slow') {
    return new Promise((resolve) => {
      setTimeout(() => {
        to.write(piece);
        resolve();
      }, delayMs);
    });
  }
  if (mode !== 'trickle') {
    to.write(piece);
    return undefined;
  }
  return new Promise((resolve) => {
    let at = 0;
    const timer = setInterval(() => {
      to.write(piece.subarray(at, at + trickleBytes));
      at += trickleBytes;
      if (at < piece.length) return;
      clearInterval(timer);
      resolve();
    }, trickleEveryMs);
  });
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
}
