/** What people see in a browser: a start page, and the API's documentation from our own files. */
import { dirname } from 'node:path';
import express, { Router } from 'express';
import { shell } from './html';

const style =
  'body{font:16px/1.6 system-ui;max-width:36rem;margin:12vh auto;padding:0 1rem;color:#1b2733}a{color:#0b6bcb}';

const home = shell(
  'Ballast',
  style,
  `<h1>Ballast</h1><p>Prepaid balances for inference, kept afloat.</p>
<ul><li><a href="/docs/">API documentation</a> and its <a href="/openapi.json">OpenAPI document</a></li>
<li><a href="/readyz">Is everything up?</a> · <a href="/healthz">Is this process alive?</a></li></ul>`,
);

const docs = shell(
  'Ballast API',
  '',
  `<link rel="stylesheet" href="swagger-ui.css"><div id="ui"></div><script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>`,
);

const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', docExpansion: 'list' });
// Earlier versions of this page kept the key in the browser.
localStorage.removeItem('authorized');
`;

/** Nothing is loaded from elsewhere, no page contains a script, and no page may be framed. Swagger's styles are inline. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

export function pages(openApi: object): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set(HEADERS);
    next();
  });
  const html = (path: string, content: string) =>
    router.get(path, (_request, response) => void response.type('html').send(content));
  html('/', home);
  router.get('/openapi.json', (_request, response) => void response.json(openApi));
  router.get('/docs', (request, response, next) =>
    request.originalUrl.endsWith('/docs') ? response.redirect('/docs/') : next(),
  );
  html('/docs/', docs);
  router.get('/docs/start.js', (_request, response) => void response.type('js').send(start));
  router.use('/docs', express.static(dirname(require.resolve('swagger-ui-dist/package.json')), { index: false }));
  return router;
}
