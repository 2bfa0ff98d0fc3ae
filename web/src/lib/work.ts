import type { Challenge } from './types.js';

/** Solves a challenge on a thread of its own; the answer is what a join shows. */
export async function solveWork(challenge: Challenge): Promise<string> {
  const worker = new Worker(new URL('./work-thread.ts', import.meta.url), { type: 'module' });
  try {
    const number = await new Promise<number | null>((resolve, reject) => {
      worker.addEventListener('message', (message: MessageEvent<number | null>) =>
        resolve(message.data),
      );
      worker.addEventListener('error', () => reject(new Error('the work could not be done')));
      worker.postMessage(challenge);
    });
    return btoa(JSON.stringify({ ...challenge, number }));
  } finally {
    worker.terminate();
  }
}
