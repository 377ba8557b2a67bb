import { useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { Notice } from '../../components/Notice';
import { readIntent, renewIntent } from '../../features/payment/intent';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

/**
 * Back from the provider's page: that payment is followed if this browser knows which one it is, and the next one is
 * another. The address forgets where one came from, so that a later reload ends no other intent.
 */
export function FromProvider({ onFollow }: { onFollow: (id: string) => void }) {
  const accountId = useAccountId();
  const [search, setSearch] = useSearchParams();
  const asked = search.get('from');
  const [from, setFrom] = useState(asked);
  useEffect(() => {
    if (asked === null) return;
    setFrom(asked);
    const { key, sent, away } = readIntent(accountId);
    if (sent?.methodId === null) renewIntent(accountId, key);
    if (asked === 'provider' && away) onFollow(away);
    else setSearch({}, { replace: true });
  }, [asked, accountId, onFollow, setSearch]);
  if (search.has('payment')) return null;
  if (from === 'provider') return <Notice tone="good">{text.pay.returned}</Notice>;
  if (from === 'canceled') return <Notice tone="info">{text.pay.canceled}</Notice>;
  return null;
}
