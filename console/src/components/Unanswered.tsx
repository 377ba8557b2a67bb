import { useEffect, useRef } from 'react';
import { text } from '../text';
import { Button } from './Button';
import { Notice } from './Notice';

/** What was sent here before has no answer: it comes first, as it was, and is done once however often it is sent. */
export function Unanswered({ onGiveUp }: { onGiveUp: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  // The field that was written in can't be for now: who was there is here instead.
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.matches(':disabled'))
      place.current?.focus();
  }, []);
  return (
    <div ref={place} tabIndex={-1}>
      <Notice tone="warn" action={<Button onClick={onGiveUp}>{text.unanswered.giveUp}</Button>}>
        {text.unanswered.why}
      </Notice>
    </div>
  );
}
