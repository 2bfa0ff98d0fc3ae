import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type Express } from 'express';
import helmet from 'helmet';
import { UsherError } from '../core/domain/errors.js';
import type { Config } from '../core/runtime/config.js';
import { packageRoot } from '../core/runtime/paths.js';
import type { ApiDeps } from './deps.js';
import { openApiRoutes } from './openapi.js';
import { problemHandler } from './problem.js';
import { registerRoutes } from './register.js';
import { allRoutes } from './routes/all.js';
import { hasStripeFields } from './routes/payment-page.js';
import { webhookHandler } from './webhook.js';

const bodyBytesMax = 32 * 1024;
const webhookBytesMax = 512 * 1024;

/** Builds the HTTP application; main.ts listens with it and tests call it on port 0. */
export function buildApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', 'strong');
  app.set('trust proxy', 'loopback');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: pagePolicy(deps.config.payments),
      },
      hsts: deps.config.production,
    }),
  );
  app.post(
    '/api/v1/payments/webhook',
    express.raw({ type: () => true, limit: webhookBytesMax }),
    webhookHandler(deps),
  );
  app.use(express.json({ limit: bodyBytesMax, strict: true }));
  const routes = allRoutes(deps);
  registerRoutes(app, [...routes, ...openApiRoutes(routes)], deps);
  servePage(app);
  app.use((req) => {
    throw new UsherError('not_found', `There is nothing at ${req.method} ${req.path}.`);
  });
  app.use(problemHandler(deps.log));
  return app;
}

/** The fan's page: its routes are its own, so any other path outside the api answers with it. */
function servePage(app: Express): void {
  const folder = join(packageRoot, 'dist', 'web');
  const page = join(folder, 'index.html');
  app.use(express.static(folder, { index: 'index.html', maxAge: '1h' }));
  app.get(
    /^\/(?!api\/|socket\.io\/|healthz|readyz|metrics|openapi\.json|docs)[^.]*$/,
    (_req, res, next) => {
      if (!existsSync(page)) return next();
      res.set('Cache-Control', 'no-cache').sendFile(page);
    },
  );
}

/** What Stripe asks a page to allow; nothing where another server takes the payment. */
const stripePolicy = {
  scripts: ['https://js.stripe.com', 'https://*.js.stripe.com'],
  frames: ['https://js.stripe.com', 'https://*.js.stripe.com', 'https://hooks.stripe.com'],
  calls: ['https://api.stripe.com'],
};

/** The page loads nothing foreign, but for Stripe's fields where Stripe takes the payment. */
export function pagePolicy(
  payments: Pick<Config['payments'], 'apiBase' | 'publishableKey'>,
): Record<string, string[]> {
  const { apiBase } = payments;
  const challenge = apiBase ? [new URL(apiBase).origin] : [];
  const { scripts, frames, calls } = hasStripeFields(payments)
    ? stripePolicy
    : { scripts: [], frames: [], calls: [] };
  return {
    'default-src': ["'self'"],
    'script-src': ["'self'", ...scripts],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:', 'blob:', 'https:'],
    'connect-src': ["'self'", 'ws:', 'wss:', ...calls, ...challenge],
    'frame-src': ["'self'", ...frames, ...challenge],
    'frame-ancestors': ["'none'"],
    'object-src': ["'none'"],
    'base-uri': ["'self'"],
    'form-action': ["'self'", ...challenge],
  };
}
