/** How the pages that the API itself serves look: as the console does. */

/** The console's own (console/src/styles/tokens.css): a test holds them against each other. */
export const TOKENS = {
  bg: 'light-dark(#f6f7f8, #0e1315)',
  surface: 'light-dark(#ffffff, #161d20)',
  'surface-2': 'light-dark(#f0f2f3, #1e272b)',
  line: 'light-dark(#e0e5e7, #29343a)',
  'line-strong': 'light-dark(#86939a, #6c7a82)',
  text: 'light-dark(#15212a, #e8eef0)',
  'text-2': 'light-dark(#4d5c66, #a5b3ba)',
  accent: 'light-dark(#0f5f6e, #6fcbd9)',
  'accent-hover': 'light-dark(#0a4c58, #92dbe6)',
  'on-accent': 'light-dark(#ffffff, #06222a)',
  'accent-soft': 'light-dark(#e2f0f2, #143840)',
  good: 'light-dark(#1b6b3a, #74d39a)',
  'good-soft': 'light-dark(#e3f3e8, #12301f)',
  warn: 'light-dark(#7c4a03, #f0bd6a)',
  'warn-soft': 'light-dark(#fdf1dc, #36280f)',
  bad: 'light-dark(#a3261d, #ff9c91)',
  'bad-soft': 'light-dark(#fdeae8, #3c1a17)',
  shadow: '0 1px 2px light-dark(#15212a14, #0006)',
  radius: '10px',
  'radius-small': '7px',
  font: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
} as const;

const root = `:root{color-scheme:light dark;${Object.entries(TOKENS)
  .map(([name, value]) => `--${name}:${value}`)
  .join(';')}}`;

/** A page with one card in the middle. */
export const CARD_STYLE = [
  root,
  '*{box-sizing:border-box}',
  'body{margin:0;padding:0 16px;font:14px/1.55 var(--font);background:var(--bg);color:var(--text)}',
  'main{max-width:30rem;margin:12vh auto;padding:32px;border:1px solid var(--line);border-radius:14px;background:var(--surface);box-shadow:var(--shadow)}',
  'h1{margin:0 0 16px;font-size:22px;font-weight:640;letter-spacing:-.018em;line-height:1.25}',
  'p,dl,ul{margin:12px 0}ul{padding-inline-start:20px}',
  'a{color:var(--accent);text-underline-offset:3px}a:hover{color:var(--accent-hover)}',
  'dl{display:grid;grid-template-columns:auto 1fr;gap:4px 16px}dt,small{color:var(--text-2)}dd{margin:0}',
  '.amount{margin:8px 0;font-size:32px;font-weight:640;letter-spacing:-.03em;font-variant-numeric:tabular-nums}',
  '.note{padding:11px 14px;border-radius:var(--radius-small);background:var(--bad-soft);color:var(--text)}',
  'button{min-height:38px;padding:0 16px;border:0;border-radius:var(--radius-small);background:var(--accent);color:var(--on-accent);font:inherit;font-weight:560;cursor:pointer}',
  'button:hover{background:var(--accent-hover)}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}',
  '@media(max-width:480px){main{margin:6vh auto;padding:24px 20px}}',
].join('');

/** A colour for each method: a bar at its row, and its name on the same colour, softly. */
const methods = { get: 'accent', post: 'good', put: 'warn', patch: 'warn', delete: 'bad' } as const;
const ofMethods = Object.entries(methods)
  .map(
    ([method, tone]) =>
      `.swagger-ui .opblock.opblock-${method}{border-color:var(--line);background:var(--surface)}` +
      `.swagger-ui .opblock.opblock-${method} .opblock-summary{border-color:var(--line)}` +
      `.swagger-ui .opblock.opblock-${method} .opblock-summary-method{background:var(--${tone}-soft);color:var(--${tone})}` +
      `.swagger-ui .opblock.opblock-${method} .tab-header .tab-item.active h4 span::after{background:var(--${tone})}`,
  )
  .join('');

const TEXTS =
  '.info .title,.info p,.info li,.info table,.opblock-tag,.opblock-tag small,.opblock-summary-path,' +
  '.opblock-summary-path__deprecated,.opblock-summary-description,.opblock-description-wrapper p,.opblock-section-header h4,' +
  '.opblock-section-header>label,.opblock-title_normal,.parameter__name,.parameter__type,.response-col_status,.responses-inner h4,' +
  '.responses-inner h5,.tab li,.tab-item h4,table thead tr td,table thead tr th,.model,.model-title,.json-schema-2020-12,' +
  '.json-schema-2020-12-accordion,.json-schema-2020-12__title,.json-schema-2020-12-property,.json-schema-2020-12-keyword,' +
  'section.models h4,section.models h5,.dialog-ux .modal-ux-header h3,.dialog-ux .modal-ux-content p,' +
  '.dialog-ux .modal-ux-content h4,.auth-container h4,label,.markdown p,.renderedMarkdown p,.response-col_links';
const QUIET =
  '.opblock-summary-description,.opblock-tag small,.parameter__type,.response-col_links,.json-schema-2020-12__constraint,' +
  '.parameter__in,.prop-format';
const inSwagger = (selectors: string): string => selectors.replaceAll(/(^|,)/g, '$1.swagger-ui ');

/** Swagger's own styles come first; these make them the console's. */
export const DOCS_STYLE = [
  root,
  ':root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}',
  'html,html.dark-mode{background:var(--bg);color-scheme:inherit}html{scrollbar-gutter:stable}',
  'body{margin:0;background:var(--bg);color:var(--text);font:14px/1.55 var(--font)}',
  '.bar{display:flex;align-items:center;gap:8px 24px;flex-wrap:wrap;padding:14px 24px;border-bottom:1px solid var(--line);background:var(--surface)}',
  '.bar a{color:var(--text-2);font-weight:520;text-decoration:none}.bar a:hover{color:var(--text)}',
  '.bar .brand{display:flex;align-items:center;gap:9px;margin-inline-end:auto;color:var(--text);font-size:15.5px;font-weight:650;letter-spacing:-.012em}',
  ':focus-visible{outline:2px solid var(--accent);outline-offset:2px}',
  '.swagger-ui,html.dark-mode .swagger-ui{background:none;color:var(--text);font-family:var(--font)}',
  '.swagger-ui .wrapper{max-width:1120px;padding:0 24px}',
  '.swagger-ui .info{margin:28px 0 20px}.swagger-ui .info .title{font-size:22px;font-weight:640;letter-spacing:-.018em}',
  `${inSwagger(TEXTS)}{color:var(--text);font-family:var(--font)}`,
  `${inSwagger(QUIET)}{color:var(--text-2)}`,
  '.swagger-ui .info a,.swagger-ui .markdown a,.swagger-ui .renderedMarkdown a{color:var(--accent);font-family:var(--font)}',
  '.swagger-ui .scheme-container{margin:0 0 12px;padding:0;background:none;box-shadow:none}',
  '.swagger-ui .opblock-tag{border-color:var(--line);font-size:17px;font-weight:620;letter-spacing:-.01em}.swagger-ui .opblock-tag:hover{background:var(--surface-2)}',
  '.swagger-ui .opblock{margin:0 0 8px;border:1px solid var(--line);border-radius:var(--radius);box-shadow:var(--shadow);overflow:hidden}',
  ofMethods,
  '.swagger-ui .opblock .opblock-summary-method{border-radius:var(--radius-small);font:600 12px/1.5 var(--font);text-shadow:none}',
  '.swagger-ui .opblock .opblock-section-header{min-height:44px;background:var(--surface-2);box-shadow:none}',
  '.swagger-ui .btn,.swagger-ui .btn.authorize,.swagger-ui .btn.cancel,.swagger-ui .btn.try-out__btn{border:1px solid var(--line-strong);border-radius:var(--radius-small);background:var(--surface);box-shadow:none;color:var(--text);font:560 14px/1.4 var(--font)}',
  '.swagger-ui .btn:hover{background:var(--surface-2);box-shadow:none}.swagger-ui .btn.authorize svg{color:currentcolor;fill:currentcolor}',
  '.swagger-ui .btn.execute,.swagger-ui .modal-btn.authorize{border-color:var(--accent);background:var(--accent);color:var(--on-accent)}',
  '.swagger-ui input[type],.swagger-ui textarea,.swagger-ui select{border:1px solid var(--line-strong);border-radius:var(--radius-small);background-color:var(--surface);box-shadow:none;color:var(--text)}',
  '.swagger-ui section.models,.swagger-ui section.models.is-open h4{border-color:var(--line)}.swagger-ui section.models{border-radius:var(--radius);background:var(--surface)}',
  '.swagger-ui section.models .model-container,.swagger-ui .model-box,.swagger-ui .json-schema-2020-12{background:var(--surface-2)}',
  '.swagger-ui .dialog-ux .modal-ux{border:1px solid var(--line);border-radius:14px;background:var(--surface);box-shadow:0 12px 40px light-dark(#15212a33,#000a)}',
  '.swagger-ui .dialog-ux .modal-ux-header,.swagger-ui .auth-container,.swagger-ui table thead tr td,.swagger-ui table thead tr th{border-color:var(--line)}',
  '.swagger-ui .markdown code,.swagger-ui .renderedMarkdown code,html.dark-mode .swagger-ui .markdown code,html.dark-mode .swagger-ui .renderedMarkdown code{background:var(--surface-2);color:var(--text)}',
].join('\n');
