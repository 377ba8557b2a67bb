/** Clicks, types and chooses at random in the console: the same seed does the same, as far as the page is the same. */
import { errors, type Locator, type Page } from 'playwright-core';

export type Random = () => number;

/** Numbers from 0 to below 1 (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ACTIVE = 'a[href]:not([href^="#"]), button:enabled, input:enabled, select:enabled, textarea:enabled';
const TYPED = ['5', '25.50', '1,000', '0', '-3', '1e9', 'abc', ' ', '9'.repeat(20), '<b>é</b>', '2026-11-01'];
/** What is clicked may go, or be covered, while it is looked for: then it is another one's turn. */
const WAIT = { timeout: 1_500 };
const TRIES_PER_ACT = 4;
const BACK_SHARE = 0.04;
const ESCAPE_SHARE = 0.04;

/** Does so many things in the page. The pages of the payment provider's are not the console's: from there it goes back. */
export async function playMonkey(page: Page, home: string, acts: number, random: Random): Promise<void> {
  const origin = new URL(home).origin;
  const deadline = acts * TRIES_PER_ACT;
  for (let done = 0, tries = 0; done < acts; tries++) {
    if (tries > deadline) throw new Error(`Only ${done} of ${acts} acts could be done; the page is ${page.url()}.`);
    if (!page.url().startsWith(`${origin}/`)) await page.goto(home);
    if (await act(page, random)) done++;
  }
}

/** @returns whether something was done */
async function act(page: Page, random: Random): Promise<boolean> {
  const dice = random();
  try {
    if (dice < BACK_SHARE) await page.goBack();
    else if (dice < BACK_SHARE + ESCAPE_SHARE) await page.keyboard.press('Escape');
    else return await useControl(page, random);
    return true;
  } catch (error) {
    // What was to be clicked has gone, or is covered.
    if (error instanceof errors.TimeoutError || /detached|navigat/.test((error as Error).message)) return false;
    throw error;
  }
}

/** Of the controls that can be reached: those of the topmost window, if there is one. */
async function useControl(page: Page, random: Random): Promise<boolean> {
  const windows = page.locator('dialog[open]');
  const place: Page | Locator = (await windows.count()) > 0 ? windows.last() : page;
  const controls = place.locator(ACTIVE).filter({ visible: true });
  const count = await controls.count();
  if (count === 0) return false;
  const control = controls.nth(Math.floor(random() * count));
  const value = TYPED[Math.floor(random() * TYPED.length)]!;
  const share = random();
  switch (await kindOf(control)) {
    case 'leave':
    case 'input file':
      return false;
    case 'input text':
    case 'input search':
    case 'input email':
    case 'input url':
    case 'textarea textarea':
      await control.fill(value, WAIT);
      return true;
    case 'input date':
      await control.fill(`2026-11-${String(1 + Math.floor(share * 28)).padStart(2, '0')}`, WAIT);
      return true;
    case 'select select-one':
      await control.selectOption({ index: Math.floor(share * (await control.locator('option').count())) }, WAIT);
      return true;
    default:
      await control.click(WAIT);
      return true;
  }
}

const kindOf = (control: Locator): Promise<string> =>
  control.evaluate(
    (found) => {
      const { tagName, type, textContent } = found as unknown as Record<string, string | undefined>;
      return textContent === 'Sign out' ? 'leave' : `${tagName!.toLowerCase()} ${type ?? ''}`;
    },
    null,
    WAIT,
  );
