/** HTML of the few pages that the API itself serves: readable anywhere, nothing loaded, nothing run. */
import escapeHtml from 'escape-html';

const STYLE = [
  'body{font:16px/1.6 system-ui,sans-serif;margin:0;background:#f4f6f8;color:#1b2733}',
  'main{max-width:30rem;margin:10vh auto;padding:2rem;background:#fff;border-radius:12px;box-shadow:0 1px 4px #0002}',
  'h1{font-size:1.4rem;margin:0 0 1rem}dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1rem 0}dt{color:#516171}dd{margin:0}',
  '.amount{font-size:2rem;font-weight:600;margin:.5rem 0}.note{color:#8a2c0d}small{color:#516171}',
  'button{font:inherit;font-weight:600;padding:.7rem 1.4rem;border:0;border-radius:8px;background:#0b57d0;color:#fff;cursor:pointer}',
].join('');

/**
 * The shell of every page that is made by hand.
 * @param style CSS
 * @param body HTML: what comes from elsewhere is escaped already
 */
export const shell = (title: string, style: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>${escapeHtml(title)}</title><style>${style}</style></head><body>${body}</body></html>\n`;

/** @param content HTML: what comes from elsewhere is escaped already */
export const page = (title: string, content: string): string =>
  shell(`${title} · Ballast`, STYLE, `<main>${content}</main>`);

/**
 * For a page whose address is a secret: kept by nobody, told to nobody. No `form-action`: browsers hold it against the
 * bank's address, too, that a form leads on to.
 */
export const PRIVATE_PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Robots-Tag': 'noindex',
} as const;
