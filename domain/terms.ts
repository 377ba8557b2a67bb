/** What owners agree to when they enable or change auto-reload (A14). Another text needs another version. */
import { TERMS_VERSION } from './autoReload';

export const TERMS = {
  version: TERMS_VERSION,
  text:
    'I authorize Ballast to charge the primary payment method of this account, or the backup method if that fails, the reload amount each time ' +
    'the balance reaches or goes below the threshold, without asking again. If the balance is at or below the threshold now, the first charge is made ' +
    'at once and is the smallest multiple of the reload amount that brings the balance above it. I can change, pause or disable this at any time; ' +
    'a charge that is under way is finished.',
} as const;
