import { Worker } from 'node:worker_threads';
import { UsherError } from '../domain/errors.js';
import type { PdfWish, ThreadAnswer } from './ticket-pdf-thread.js';

export type PdfRenderer = {
  /**
   * Rejects with `unavailable` when too many wait already, and with an Error when the booking
   * can't be drawn, takes too long, or the thread died over it.
   */
  render(wish: PdfWish): Promise<Buffer>;
  /** Ends the thread; whatever still waits is rejected. */
  close(): Promise<void>;
};

export type PdfLimits = { waitingMax: number; jobMsMax: number };

type Job = {
  wish: PdfWish;
  resolve: (pdf: Buffer) => void;
  reject: (error: Error) => void;
};

const usualLimits: PdfLimits = { waitingMax: 200, jobMsMax: 10_000 };
const retryAfterSeconds = 5;

/**
 * Draws on another thread, since one PDF takes as long as hundreds of other calls. The thread
 * starts with the first booking, gets one at a time, and is replaced when it dies or overruns the
 * time of a job. An idle thread keeps no process alive.
 */
export function openPdfRenderer(threadFile: URL, limits: PdfLimits = usualLimits): PdfRenderer {
  const waiting: Job[] = [];
  let thread: Worker | undefined;
  let current: { job: Job; deadline: NodeJS.Timeout } | undefined;

  const finish = (tell: (job: Job) => void): void => {
    if (!current) return;
    clearTimeout(current.deadline);
    const { job } = current;
    current = undefined;
    tell(job);
  };
  const drop = (old: Worker, error: Error): void => {
    if (thread !== old) return;
    thread = undefined;
    finish((job) => job.reject(error));
    startNext();
  };
  const startThread = (): Worker => {
    // It needs neither this process's flags nor, above all, the secrets in its environment.
    const started = new Worker(threadFile, { execArgv: [], env: {} });
    started.on('message', (answer: ThreadAnswer) => {
      if (thread !== started) return;
      finish((job) => settle(job, answer));
      startNext();
    });
    started.on('error', (error) => drop(started, error));
    started.on('exit', (code) => drop(started, new Error(`the PDF thread ended with ${code}`)));
    return started;
  };
  const overrun = (): void => {
    const stuck = thread;
    if (!stuck) return;
    drop(stuck, new Error(`drawing took longer than ${limits.jobMsMax} ms`));
    void stuck.terminate();
  };
  const startNext = (): void => {
    if (current) return;
    const job = waiting.shift();
    if (!job) {
      thread?.unref();
      return;
    }
    thread ??= startThread();
    thread.ref();
    current = { job, deadline: setTimeout(overrun, limits.jobMsMax) };
    thread.postMessage(job.wish);
  };

  return {
    render: (wish) => {
      if (waiting.length >= limits.waitingMax) return Promise.reject(tooMany());
      return new Promise((resolve, reject) => {
        waiting.push({ wish, resolve, reject });
        startNext();
      });
    },
    close: async () => {
      const closed = new Error('closed before the tickets were drawn');
      for (const job of waiting.splice(0)) job.reject(closed);
      const ending = thread;
      thread = undefined;
      finish((job) => job.reject(closed));
      await ending?.terminate();
    },
  };
}

function settle(job: Job, answer: ThreadAnswer): void {
  if (answer.ok) job.resolve(Buffer.from(answer.pdf));
  else job.reject(new Error(answer.message));
}

function tooMany(): UsherError {
  return new UsherError('unavailable', 'Many tickets are being printed now. Try again shortly.', {
    retryAfterSeconds,
  });
}
