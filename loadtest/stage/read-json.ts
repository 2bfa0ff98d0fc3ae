const answerMsMax = 10_000;

/** Reads JSON, whatever the status. @throws Error when no answer comes. */
export async function readJson<T>(url: URL | string): Promise<{ status: number; body: T }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) });
  return { status: answer.status, body: (await answer.json()) as T };
}
