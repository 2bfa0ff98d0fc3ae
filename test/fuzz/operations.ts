import type { Schema } from './schema.js';

/** One call of the OpenAPI document. */
export type Operation = {
  /** Such as `post /api/v1/reserve`. */
  name: string;
  method: string;
  /** With `{id}` for its parameters. */
  path: string;
  identity: 'none' | 'fan' | 'staff';
  roles: string[];
  query: Record<string, { schema: Schema; required: boolean }>;
  body: Schema | undefined;
};

type Written = {
  summary?: string;
  security?: Record<string, unknown>[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
};
type Document = {
  paths: Record<string, Record<string, Written>>;
  components?: { schemas?: Record<string, Schema> };
};

export type Api = { operations: Operation[]; resolve: (schema: Schema) => Schema };

/** Every call that a running Usher says it has. */
export async function readApi(url: string): Promise<Api> {
  const response = await fetch(`${url}/openapi.json`);
  const document = (await response.json()) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, written]) => operationOf(method, path, written)),
  );
  const schemas = document.components?.schemas ?? {};
  const resolve = (schema: Schema): Schema => {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : resolve(schemas[name] ?? {});
  };
  return { operations, resolve };
}

function operationOf(method: string, path: string, written: Written): Operation {
  const schemes = (written.security ?? []).flatMap((scheme) => Object.keys(scheme));
  const identity = schemes.includes('staff') ? 'staff' : schemes.length > 0 ? 'fan' : 'none';
  const roles = /\(((?:box_office|ops|admin)(?:, (?:box_office|ops|admin))*)\)$/.exec(
    written.summary ?? '',
  );
  return {
    name: `${method} ${path}`,
    ...{ method, path, identity },
    roles: identity === 'staff' ? (roles?.[1]?.split(', ') ?? ['admin']) : [],
    query: Object.fromEntries(
      (written.parameters ?? [])
        .filter((parameter) => parameter.in === 'query')
        .map(({ name, schema, required }) => [name, { schema, required: required === true }]),
    ),
    body: written.requestBody?.content['application/json'].schema,
  };
}
