/** Opens the palette by its key, or by a click. It is loaded when it is first opened, and has what is typed until then. */
import { Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { Boundary } from '../../components/Boundary';
import { Dialog } from '../../components/Dialog';
import { lazyPart } from '../../parts/lazyPart';
import { text } from '../../text';
import styles from './Palette.module.css';
import { PaletteField } from './PaletteField';
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
      {/* On a narrow screen the menu around the button is not shown, and nothing in it would be. */}
      {isOpen && createPortal(<OpenPalette onClose={() => setOpen(false)} />, document.body)}
    </>
  );
}

function OpenPalette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [isEntered, setEntered] = useState(false);
  const field = (
    <Dialog title={text.palette.title} isOpen onClose={onClose}>
      <PaletteField
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => setEntered(event.key === 'Enter')}
      />
    </Dialog>
  );
  return (
    <Boundary
      show={(broken) => (
        <Dialog title={text.palette.title} isOpen onClose={onClose}>
          {broken}
        </Dialog>
      )}
    >
      <palette.View onClose={onClose} typed={typed} isEntered={isEntered} placeholder={field} />
    </Boundary>
  );
}
