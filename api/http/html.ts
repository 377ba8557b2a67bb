/** HTML of the few pages that the API itself serves: readable anywhere, nothing loaded, nothing run. */
import escapeHtml from 'escape-html';
import { CARD_STYLE } from './look';

/**
 * The shell of every page that is made by hand.
 * @param style CSS
 * @param body HTML: what comes from elsewhere is escaped already
 * @param head more of the head, as HTML
 */
export const shell = (title: string, style: string, body: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<title>${escapeHtml(title)}</title>${style && `<style>${style}</style>`}${head}</head><body>${body}</body></html>\n`;

/** @param content HTML: what comes from elsewhere is escaped already */
export const page = (title: string, content: string): string =>
  shell(`${title} · Ballast`, CARD_STYLE, `<main>${content}</main>`);

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
