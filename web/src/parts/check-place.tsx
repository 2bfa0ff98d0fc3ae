import { useState } from 'preact/hooks';
import { call, callBlob, problemOf } from '../lib/api.js';
import { places } from '../lib/keep.js';
import { type Checked, checkPlace, type Proof } from '../lib/proof.js';
import { useStore } from '../lib/store.js';
import type { Problem } from '../lib/types.js';
import { Notice, Refusal } from './notice.js';

/** Lets a fan check the own place by the public proof, on this page's own computing. */
export function CheckPlace({ saleId }: { saleId: string }) {
  const receipt = useStore(places)[saleId]?.receipt;
  const [checked, setChecked] = useState<Checked | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  if (receipt === undefined) return null;
  const check = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const { body } = await call<{ proof: Proof }>(`/sales/${saleId}/proof`);
      const roster = await readRoster(saleId, body.proof.roster_count);
      setChecked(await checkPlace(body.proof, roster, receipt));
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
    setBusy(false);
  };
  return (
    <div class="check-place">
      <button type="button" class="button-text" disabled={busy} onClick={() => void check()}>
        {busy ? 'Checking…' : 'Check my place'}
      </button>
      {checked !== null && (
        <Notice
          tone={checked.ok ? 'good' : 'bad'}
          title={checked.ok ? 'Your place is as it should be' : 'Something does not fit'}
          alert
        >
          {checked.lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </Notice>
      )}
      {problem !== null && <Refusal problem={problem} />}
    </div>
  );
}

async function readRoster(saleId: string, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Blob[] = [];
  let bytes = 0;
  for (let page = 0; bytes < count * 24; page += 1) {
    const part = await callBlob(`/sales/${saleId}/roster?page=${page}`);
    if (part.size === 0) break;
    bytes += part.size;
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
