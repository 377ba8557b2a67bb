/** A real Chromium for a test file, with the console of a whole Ballast: what the page says and breaks is held against it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
  type Response,
} from 'playwright-core';
import { ensureChromium } from '../../dev/chromium';
import { isDocumented } from './answers';
import { startTestApi, type TestAccount, type TestApi } from './api';
import { until } from './notices';
import { dist, root } from './paths';
import { World, type WorldOptions } from './world';

export const CONSOLE_DIR = join(dist, 'console');
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** On two loaded cores a page may take its time; what is waited for is a state all the same. */
const WAIT_MS_MAX = 30_000;

export type Visit = {
  page: Page;
  context: BrowserContext;
  /** What the browser complained of: CSP, errors of scripts, answers of 5xx and 403; and what it asked that no document has. */ complaints: string[];
};
export type ConsoleHarness = {
  api: TestApi;
  world: World;
  browser: Browser;
  /** A new visitor, with cookies of its own. @default 1440 × 900, nobody is signed in */
  visit(options?: BrowserContextOptions & { key?: string; path?: string }): Promise<Visit>;
  /** Fails when any visitor's browser complained. */
  expectNoComplaints(): void;
  close(): Promise<void>;
};

/** Chromium's path; null where it is not to be had, which CI does not accept. */
export async function findChromium(): Promise<string | null> {
  try {
    return await ensureChromium({ log: (line) => process.stdout.write(`${line}\n`) });
  } catch (error) {
    if (process.env.CI) throw error;
    process.stdout.write(`${(error as Error).message} The browser tests are left out.\n`);
    return null;
  }
}

/**
 * The console of a test file, started once and closed at the end.
 * @returns how the file's tests are declared; where there is no Chromium, they are left out
 */
export function testsInBrowser(
  prepare: (harness: ConsoleHarness) => Promise<void> = () => Promise.resolve(),
  options: Partial<WorldOptions> = {},
) {
  let harness: ConsoleHarness | null = null;
  beforeAll(async () => {
    const path = await findChromium();
    if (path === null) return;
    harness = await startConsole(path, options);
    await prepare(harness);
  }, 600_000);
  afterAll(() => harness?.close());
  return (name: string, work: (harness: ConsoleHarness) => Promise<void> | void, timeoutMs?: number): void =>
    test(
      name,
      async () => {
        if (harness) await work(harness);
      },
      // A test that looks at every page takes half a minute here, and several times as long on a busy machine.
      timeoutMs ?? 180_000,
    );
}

export async function startConsole(
  executablePath: string,
  options: Partial<WorldOptions> = {},
): Promise<ConsoleHarness> {
  if (!existsSync(CONSOLE_DIR)) throw new Error('The console is not built; `npm run build` says why.');
  const [world, browser] = await Promise.all([
    World.start({ time: 'real', relay: true, ...options }),
    chromium.launch({ executablePath, args: FLAGS, timeout: WAIT_MS_MAX }),
  ]);
  const api = await startTestApi({
    database: world.database,
    temporal: world.client,
    stripe: world.stripe,
    consoleDir: CONSOLE_DIR,
    allowPrivateWebhooks: true,
    ...(options.filesDir !== undefined && { filesDir: options.filesDir }),
  });
  const visits: Visit[] = [];
  return {
    api,
    world,
    browser,
    async visit({ key, path = '/', ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      context.setDefaultTimeout(WAIT_MS_MAX);
      const page = await context.newPage();
      const visit = { page, context, complaints: complaintsOf(page) };
      visits.push(visit);
      if (key !== undefined) {
        const answer = await context.request.post(`${api.url}/v1/session`, { data: { key } });
        if (!answer.ok()) throw new Error(`not signed in: ${answer.status()} ${await answer.text()}`);
      }
      await page.goto(api.url + path);
      return visit;
    },
    expectNoComplaints() {
      expect(visits.flatMap(({ complaints }) => complaints)).toEqual([]);
    },
    async close() {
      await browser.close();
      await api.close();
      await world.close();
    },
  };
}

/** The header of an answer that a test plays, whatever the API would say. */
export const PLAYED = 'x-played';

/**
 * On a busy machine the lookup of who asks may take longer than anybody is kept waiting for: then the stream is refused,
 * and the page opens it again by itself (C3).
 */
const isBusyStream = (response: Response): boolean =>
  response.status() === 503 && new URL(response.url()).pathname.endsWith('/stream');

/** A refusal of 4xx is an answer, and the browser writes a line about each: those are no complaints. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`${error.message}\n${error.stack}`));
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/v1/') && !isDocumented(request.method(), pathname))
      complaints.push(`${request.method()} ${pathname} is not in the document`);
  });
  page.on('response', (response) => {
    // Nobody is led to what is not for their role; a test that plays it says so.
    if (response.status() === 403 && !(PLAYED in response.headers()))
      complaints.push(`${response.request().method()} ${response.url()} was refused`);
    if (response.status() >= 500 && !(PLAYED in response.headers()) && !isBusyStream(response))
      complaints.push(`${response.status()} ${response.url()}`);
  });
  return complaints;
}

const AXE = readFileSync(join(root, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');

/** axe finds nothing on the page as it is now. It runs beside the page's own scripts, as the CSP lets nothing in. */
export async function expectAccessible(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  // Half a megabyte of script: once for each document.
  if ((await evaluate('typeof axe')) === 'undefined') await evaluate(AXE);
  // Half-way from one color to another there is no contrast to be measured. What turns for ever is not waited for.
  await evaluate(`Promise.all(document.getAnimations()
    .filter(({ effect }) => effect.getTiming().iterations !== Infinity)
    .map(({ finished }) => finished.catch(() => {})))`);
  const found = await evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target, failureSummary }) => target.join(' ') + ' ' + failureSummary).join(' | ')))`);
  await session.detach();
  expect(found).toEqual([]);
}

/**
 * Sends the next request to an address on to the API and keeps its answer from the page, as a connection that breaks or
 * hangs would. `done` resolves when the API has done it.
 */
export async function loseAnswer(page: Page, url: string, end: 'cut' | 'hang'): Promise<{ done: Promise<void> }> {
  let isDone = false;
  await page.route(
    url,
    async (route) => {
      isDone = (await route.fetch()).ok();
      if (end === 'cut') await route.abort('connectionreset');
    },
    { times: 1 },
  );
  return {
    get done() {
      return until(() => isDone, Boolean).then(() => undefined);
    },
  };
}

/** What an ingress says by itself where it finds nothing behind it. */
const INGRESS_PAGE = '<html><head><title>404 Not Found</title></head><body>nginx</body></html>';

/** Sends the next request to an address on to the API, whose answer is lost: the page has an ingress's own answer instead. */
export async function answerByIngress(page: Page, url: string, status = 404): Promise<void> {
  await page.route(
    url,
    async (route) => {
      await route.fetch();
      await route.fulfill({ status, headers: { [PLAYED]: '1' }, contentType: 'text/html', body: INGRESS_PAGE });
    },
    { times: 1 },
  );
}

/** Nothing sticks out at the side, once charts have measured their width anew. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const measure = () =>
    page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  // Where room is kept for a scrollbar that is not there, the page is narrower than its window.
  await until(measure, (pixels) => pixels <= 0);
}

const TABS_MAX = 80;

/** Goes on by the Tab key until the focus is there: whatever is reached so can be reached by keyboard. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    const isThere = await target.evaluate(
      (element: { ownerDocument: { activeElement: unknown } }) => element === element.ownerDocument.activeElement,
    );
    if (isThere) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${TABS_MAX} Tabs do not lead to ${String(target)}.`);
}

/** Ends the visitor's session at the server, as its time would: the browser keeps its cookie and knows nothing of it. */
export async function endSession({ database, url }: TestApi, { context }: Visit): Promise<void> {
  await database.owner.query('delete from sessions');
  // Of a route that asks the API's memory, as every change does: it may take a session for good for a moment longer.
  const ask = async () => (await context.request.get(`${url}/v1/models`)).status();
  await until(ask, (status) => status === 401);
}

export const addCard = (api: TestApi, { id, owner }: TestAccount, card = 'pm_card_visa', role?: string) =>
  api.ask('POST', `/v1/accounts/${id}/payment-methods`, {
    key: owner,
    body: { paymentMethod: card, ...(role && { role }) },
  });
