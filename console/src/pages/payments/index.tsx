/** How the account pays: methods, prepayments, and every reload with its attempts. */
import { useSearchParams } from 'wouter';
import { PageHead } from '../../components/Card';
import { ButtonLink } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { useRole } from '../../session/session';
import { text } from '../../text';
import { Methods } from './Methods';
import { Prepayments } from './Prepayments';
import { Reloads } from './Reloads';

export default function Payments() {
  const isOwner = useRole() === 'owner';
  const [search] = useSearchParams();
  return (
    <>
      <PageHead title={text.pages.payments}>
        {isOwner && (
          <ButtonLink look="primary" href="/pay">
            {text.overview.addPrepayment}
          </ButtonLink>
        )}
      </PageHead>
      {search.get('from') === 'provider' && <Notice tone="good">{text.payments.back}</Notice>}
      {isOwner && <Methods />}
      <Reloads />
      <Prepayments />
    </>
  );
}
