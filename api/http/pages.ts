/** What people see in a browser: a start page, and the API's documentation from our own files. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import express, { Router } from 'express';
import { page, shell } from './html';
import { DOCS_STYLE } from './look';

const home = page(
  'API',
  `<h1>Ballast</h1><p>Prepaid balances for inference, kept afloat.</p>
<ul><li><a href="/docs/">API documentation</a> and its <a href="/openapi.json">OpenAPI document</a></li>
<li><a href="/readyz">Is everything up?</a> · <a href="/healthz">Is this process alive?</a></li></ul>`,
);

/** @param hasConsole its start, its icon and its theme are served here, too */
const docs = (hasConsole: boolean): string =>
  shell(
    'API · Ballast',
    '',
    `<header class="bar"><a class="brand" href="/">${hasConsole ? '<img src="/icon.svg" alt="" width="24" height="24">' : ''}Ballast</a>
${hasConsole ? '<a href="/">Console</a>' : ''}<a href="/openapi.json">OpenAPI document</a></header><main id="ui"></main>`,
    `${hasConsole ? '<link rel="icon" href="/icon.svg" type="image/svg+xml"><script src="/theme.js"></script>' : ''}
<link rel="stylesheet" href="swagger-ui.css"><link rel="stylesheet" href="look.css">
<script src="swagger-ui-bundle.js" defer></script><script src="start.js" defer></script>`,
  );

const start = `const { dataset, classList } = document.documentElement;
const dark = matchMedia('(prefers-color-scheme: dark)');
const show = () => classList.toggle('dark-mode', dataset.theme ? dataset.theme === 'dark' : dark.matches);
dark.addEventListener('change', show);
show();
SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', docExpansion: 'list' });
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

/** @param consoleDir where the built console is, whose typeface, icon and theme the documentation then has */
export function pages(openApi: object, consoleDir?: string): Router {
  const router = Router();
  router.use((_request, response, next) => {
    response.set(HEADERS);
    next();
  });
  const text = (path: string, type: string, content: string) =>
    router.get(path, (_request, response) => void response.type(type).send(content));
  text('/', 'html', home);
  router.get('/openapi.json', (_request, response) => void response.json(openApi));
  router.get('/docs', (request, response, next) =>
    request.originalUrl.endsWith('/docs') ? response.redirect('/docs/') : next(),
  );
  text('/docs/', 'html', docs(consoleDir !== undefined));
  text('/docs/start.js', 'js', start);
  text('/docs/look.css', 'css', fontOf(consoleDir) + DOCS_STYLE);
  router.use('/docs', express.static(dirname(require.resolve('swagger-ui-dist/package.json')), { index: false }));
  return router;
}

/** The console's typeface, whose file has a hash in its name. */
function fontOf(consoleDir: string | undefined): string {
  const font = consoleDir && readdirSync(join(consoleDir, 'assets')).find((name) => name.endsWith('.woff2'));
  if (!font) return '';
  return `@font-face{font-family:'Inter Variable';font-weight:100 900;font-display:optional;src:url('/assets/${font}') format('woff2-variations')}\n`;
}
