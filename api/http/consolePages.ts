/** The console: static files, and its one page for whatever address of its own somebody opens. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { Router, type RequestHandler, type Response } from 'express';

/** Nothing from elsewhere, nothing inline, no text that becomes code, no frame around it. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'X-Content-Type-Options': 'nosniff',
  // Without a secure origin only `Origin` says where a change comes from, and `no-referrer` would hide it.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};
/** Their names have a hash of what is in them. */
const FOR_EVER = 'public, max-age=31536000, immutable';
const ASKED_EACH_TIME = 'no-cache';

/** @param folder what `npm run build` has made of console/ */
export function consolePages(folder: string): Router {
  const router = Router();
  router.use('/assets', express.static(join(folder, 'assets'), { index: false, setHeaders: withHeaders(FOR_EVER) }));
  router.use(express.static(folder, { index: false, setHeaders: withHeaders(ASKED_EACH_TIME) }));
  router.use(navigations(join(folder, 'index.html')));
  return router;
}

const withHeaders = (caching: string) => (response: Response) => {
  response.set({ ...HEADERS, 'Cache-Control': caching });
};

/**
 * Only what a person opens in a browser: a program that mistypes an address is told so. The page is read each time, as a
 * new build under a running API has other files, and only the new page names them.
 * Throws at once when there is no page.
 */
function navigations(path: string): RequestHandler {
  let page = readFileSync(path, 'utf8');
  return async (request, response, next) => {
    const isNavigation =
      (request.method === 'GET' || request.method === 'HEAD') &&
      (request.headers.accept ?? '').includes('text/html') &&
      !OTHERS.test(request.path);
    if (!isNavigation) return next();
    // In the moment of a build there is none.
    page = await readFile(path, 'utf8').catch(() => page);
    response
      .set({ ...HEADERS, 'Cache-Control': ASKED_EACH_TIME })
      .type('html')
      .send(page);
  };
}

/** Addresses of the API and of its documents. */
const OTHERS = /^\/(v1|docs|assets|openapi\.json)(\/|$)/;
