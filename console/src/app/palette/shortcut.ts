/** The key of the palette: ⌘K on Apple's keyboards, where Ctrl-K edits text; Ctrl-K on all others. */
import { text } from '../../text';

/** iPhones and iPads, which may have a keyboard, say so too. */
const isApple = /Mac OS X|Macintosh/.test(navigator.userAgent);

/** As it is shown, and as screen readers take it. */
export const SHORTCUT = isApple
  ? { sign: text.palette.appleKey, aria: 'Meta+K' }
  : { sign: text.palette.key, aria: 'Control+K' };

export const isShortcut = ({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean =>
  key.toLowerCase() === 'k' && (isApple ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !shiftKey && !altKey;
