import { createHash, createPublicKey, sign } from 'node:crypto';
import { z } from 'zod';
import { UsherError } from '../../core/domain/errors.js';
import { microCache } from '../../core/runtime/micro-cache.js';
import { unseal } from '../../core/runtime/sealing.js';
import { listProvenAdmissions, readRosterPage } from '../../core/store/catalog/roster.js';
import { readSale, type Sale } from '../../core/store/catalog/sales.js';
import type { ApiDeps } from '../deps.js';
import { type Route, route } from '../route.js';
import { found } from './browse.js';
import { opsRoles } from './staff-shared.js';

const admissionShape = z.object({
  at: z.string(),
  score: z.int().nullable(),
  handle: z.string().meta({ description: 'First 16 bytes of SHA-256(sale|fan), in hex' }),
  priority: z.boolean().meta({ description: 'Served with a share of the rate, by a code' }),
  by_staff: z.boolean().meta({ description: 'Let in by staff, beside the rate' }),
  fan_id: z.string().optional(),
});

const proofShape = z
  .object({
    proof: z.object({
      format: z.literal('usher-proof-1'),
      sale_id: z.string(),
      name: z.string(),
      lobby: z.enum(['arrival', 'draw']),
      opens_at: z.string(),
      seed_hash: z.string(),
      seed: z.string().nullable(),
      roster_digest: z.string(),
      roster_count: z.int(),
      admissions: z.array(admissionShape),
      made_at: z.string(),
      public_key: z.string().meta({ description: 'Ed25519, SPKI in base64' }),
    }),
    signature: z
      .string()
      .meta({ description: 'Ed25519 over `usher-proof-1`, a line end, the JSON' }),
  })
  .meta({ id: 'Proof' });

const keptMs = 10_000;

/** What lets anybody check afterwards who was let in and in which order. */
export function proofRoutes(deps: Pick<ApiDeps, 'catalog' | 'secrets'>): Route[] {
  const recent = microCache<z.infer<typeof proofShape>>({ keptMs, entriesMax: 100 });
  return [
    route({
      method: 'get',
      path: '/api/v1/sales/:id/proof',
      summary: 'The proof of a sale that has opened: draw, roster digest and every admission',
      identity: 'none',
      answers: { 200: proofShape },
      cacheSeconds: 10,
      handle: async ({ params }) => {
        const saleId = params.id ?? '';
        const body = await recent.get(saleId, () => makeProof(deps, saleId, false));
        return { status: 200, body };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/sales/:id/roster',
      summary: 'Those who came before the opening: 16 bytes of handle and 8 of score for each',
      identity: 'none',
      query: z.strictObject({ page: z.coerce.number().int().min(0).max(100_000).default(0) }),
      answers: { 200: 'binary' },
      cacheSeconds: 3_600,
      handle: async ({ params, query }) => {
        const entries = found(
          await readRosterPage(deps.catalog, params.id ?? '', query.page),
          'page of this roster',
        );
        return { status: 200, raw: { type: 'application/octet-stream', data: entries } };
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/staff/sales/:id/proof',
      summary: 'The same with the ids of the fans, so that every draw can be computed again',
      identity: 'staff',
      roles: opsRoles,
      answers: { 200: proofShape },
      handle: async ({ params }) => ({
        status: 200,
        body: await makeProof(deps, params.id ?? '', true),
      }),
    }),
  ];
}

async function makeProof(
  { catalog, secrets }: Pick<ApiDeps, 'catalog' | 'secrets'>,
  saleId: string,
  named: boolean,
): Promise<z.infer<typeof proofShape>> {
  const sale = found(await readSale(catalog, saleId), 'sale');
  const { rosterDigest } = sale;
  if (sale.standing || rosterDigest === null) {
    throw new UsherError(
      'sale_not_open',
      'There is a proof as soon as a sale with a waiting room has opened.',
      { extra: { opens_at: sale.opensAt.toISOString() } },
    );
  }
  const admissions = await catalog.transaction((tx) => listProvenAdmissions(tx, saleId));
  const [key] = secrets.ticket;
  if (!key) throw new Error('the secrets hold no key that signs');
  const proof = {
    format: 'usher-proof-1' as const,
    sale_id: saleId,
    name: sale.name,
    lobby: sale.lobby,
    opens_at: sale.opensAt.toISOString(),
    seed_hash: sale.seedHash,
    seed: seedOf(secrets, sale),
    roster_digest: rosterDigest,
    roster_count: sale.rosterCount ?? 0,
    admissions: admissions.map(({ fanId, score, admittedAt, priority, byStaff }) => ({
      at: admittedAt.toISOString(),
      score,
      handle: handleOf(saleId, fanId),
      priority,
      by_staff: byStaff,
      ...(named ? { fan_id: fanId } : {}),
    })),
    made_at: new Date().toISOString(),
    public_key: createPublicKey(key.privateKey)
      .export({ type: 'spki', format: 'der' })
      .toString('base64'),
  };
  const signed = Buffer.from(`${proof.format}\n${JSON.stringify(proof)}`);
  return { proof, signature: sign(null, signed, key.privateKey).toString('base64') };
}

/** Only a draw needs its seed to be known. */
function seedOf({ data }: Pick<ApiDeps['secrets'], 'data'>, sale: Sale): string | null {
  if (sale.lobby !== 'draw') return null;
  return unseal(data, sale.seedSealed, `sales|seed|${sale.saleId}`).toString('hex');
}

function handleOf(saleId: string, fanId: string): string {
  return createHash('sha256').update(`${saleId}|${fanId}`).digest('hex').slice(0, 32);
}
