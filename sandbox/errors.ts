/** Stripe's error shape: what goes under `error` in the body of every answer above 399. */
export type ApiErrorBody = {
  type: 'card_error' | 'invalid_request_error' | 'idempotency_error' | 'api_error';
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  charge?: string;
  doc_url?: string;
  payment_intent?: unknown;
  payment_method?: unknown;
};

/** A request that was refused before it had any effect; thrown, so that its writes are dropped. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly body: ApiErrorBody;

  constructor(status: number, body: ApiErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

/** A 400 for parameters that Stripe would refuse; `param` names the faulty one. */
export function badParam(param: string, message: string, code?: string): ApiRefusal {
  return new ApiRefusal(400, {
    type: 'invalid_request_error',
    message,
    param,
    ...(code === undefined ? {} : { code, doc_url: docUrl(code) }),
  });
}

/** The answer for an object id that this account doesn't have. */
export function noSuch(what: string, id: string, param: string, status = 404): ApiRefusal {
  return new ApiRefusal(status, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    doc_url: docUrl('resource_missing'),
    message: `No such ${what}: '${id}'`,
    param,
  });
}

export function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;
}
