// The look of the hosted pages: plain HTML, one style sheet, no script.
import { shell } from '../../api/http/html';

export function dollars(cents: number): string {
  return `$${(cents / 100).toLocaleString('en-US', { minimumFractionDigits: 2 })}`;
}

const STYLE = `
  :root { color-scheme: light dark; --line: #8883; --accent: #4338ca; }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; display: grid; min-height: 100vh; place-items: center; background: light-dark(#f6f7f9, #14161a); }
  main { width: min(27rem, 92vw); padding: 2rem; border-radius: 14px; background: light-dark(#fff, #1e2127); box-shadow: 0 6px 30px #0002; box-sizing: border-box; }
  h1 { font-size: 1.3rem; margin: 0 0 .25rem; }
  .amount { font-size: 2rem; font-weight: 650; margin: .25rem 0 1rem; font-variant-numeric: tabular-nums; }
  .error { padding: .6rem .8rem; border-radius: 8px; background: #dc262622; border: 1px solid #dc262666; }
  label { display: block; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: 8px; margin: .4rem 0; cursor: pointer; }
  label:has(:checked) { border-color: var(--accent); }
  button { font: inherit; width: 100%; padding: .65rem; margin-top: .6rem; border: 1px solid var(--line); border-radius: 8px; cursor: pointer; background: transparent; color: inherit; }
  button.primary { background: var(--accent); border-color: var(--accent); color: #fff; }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; } dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
  .note { font-size: .85rem; opacity: .7; margin-top: 1.2rem; }
`;

/** `content` is HTML already; everything in it that came from outside is escaped. */
export function page(title: string, content: string): string {
  return shell(title, STYLE, `<main>${content}<p class="note">Stripe simulator: no real money moves here.</p></main>`);
}
