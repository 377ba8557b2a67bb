import { useState } from 'react';
import type { Schemas } from '../../api/client';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { formatMoney } from '../../format/money';
import { text } from '../../text';

const words = text.autoReload;
type Settings = Schemas['AutoReload'];
const standOf = ({ threshold, amount, monthlyLimit }: Settings): string =>
  JSON.stringify([threshold, amount, monthlyLimit]);

/** Another tab, or another owner, has saved settings since this form was opened: saving it would replace those. */
export function ChangedElsewhere({ settings, onTake }: { settings: Settings; onTake: () => void }) {
  const [seen, setSeen] = useState(standOf(settings));
  const { threshold, amount } = settings;
  if (seen === standOf(settings) || threshold === null || amount === null) return null;
  return (
    <Notice
      tone="warn"
      action={
        <Button
          onClick={() => {
            setSeen(standOf(settings));
            onTake();
          }}
        >
          {words.takeChanged}
        </Button>
      }
    >
      {words.changedElsewhere(formatMoney(amount), formatMoney(threshold))}
    </Notice>
  );
}
