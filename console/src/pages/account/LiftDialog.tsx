/** Lifts what an admin or a dispute has suspended; what access is then, the answer says (S2, P5). */
import { api, data } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { useChange } from '../../components/useChange';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.accounts;
const WORDS = {
  admin_suspended: { title: words.acts.lift, why: words.liftWhy },
  payment_disputed: { title: words.acts['lift-dispute'], why: words.liftDisputeWhy },
} as const;
type Props = { id: string; reason: keyof typeof WORDS; onClose: () => void };

export function LiftDialog({ id, reason, onClose }: Props) {
  const lifting = useChange({
    name: WORDS[reason].title,
    change: async () => {
      const { reasons } = await data(
        api.DELETE('/v1/accounts/{id}/suspension', { params: { path: { id }, query: { reason } } }),
      );
      return reasons.length === 0
        ? words.lifted
        : words.liftedNotAll(reasons.map((one) => wordFor(words.reasons, one)).join(', '));
    },
    changes: [keys.account(id)],
    onDone: onClose,
  });
  const { title, why } = WORDS[reason];
  return <ChangeDialog title={title} why={why} change={lifting} onClose={onClose} />;
}
