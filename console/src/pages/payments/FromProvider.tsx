/** Back from the provider's page: the method that was saved there is waited for, and named once it is here. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { methodsQuery } from '../../api/payments';
import { Notice } from '../../components/Notice';
import { cardNames } from '../../features/payment/card';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { savedSince } from './savedBefore';

export function FromProvider() {
  const id = useAccountId();
  const [search, setSearch] = useSearchParams();
  const methods = useQuery(methodsQuery(id)).data?.data ?? [];
  const [savedId, setSavedId] = useState<string | null>(null);
  const isBack = search.get('from') === 'provider';
  const newId = isBack ? savedSince(id, methods)?.id : undefined;
  useEffect(() => {
    if (newId === undefined) return;
    setSavedId(newId);
    // A reload of the page tells nothing again.
    setSearch({}, { replace: true });
  }, [newId, setSearch]);
  const saved = methods.find((method) => method.id === savedId);
  if (saved) return <Notice tone="good">{text.payments.saved(cardNames(methods).get(saved.id)!, saved.role)}</Notice>;
  return isBack ? <Notice tone="info">{text.payments.back}</Notice> : null;
}
