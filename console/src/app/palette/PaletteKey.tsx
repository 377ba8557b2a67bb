/** Opens the palette by its key, or by a click. It is loaded when it is first opened. */
import { Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import { lazyPart } from '../../components/lazyPart';
import { text } from '../../text';
import styles from './Palette.module.css';
import { isShortcut, SHORTCUT } from './shortcut';

const palette = lazyPart(() => import('./Palette'));

export function PaletteKey() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (!isShortcut(event)) return;
      event.preventDefault();
      // What somebody types into a window is not left by a key.
      if (document.querySelector('dialog[open]') === null) setOpen(true);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <button
        type="button"
        className={styles.open}
        aria-keyshortcuts={SHORTCUT.aria}
        onPointerEnter={palette.begin}
        onFocus={palette.begin}
        onClick={() => setOpen(true)}
      >
        <Search size={16} aria-hidden="true" />
        {text.palette.open}
        <kbd aria-hidden="true">{SHORTCUT.sign}</kbd>
      </button>
      {isOpen && <palette.View onClose={() => setOpen(false)} />}
    </>
  );
}
