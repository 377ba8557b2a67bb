import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { autoReloadQuery } from '../../api/autoReload';
import type { Schemas } from '../../api/client';
import { Card } from '../../components/Card';
import { Fact, Facts } from '../../components/Facts';
import { GateBadge } from '../../components/GateBadge';
import { Money } from '../../components/Money';
import { formatMoney } from '../../format/money';
import { formatClock, formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.accounts;

/** The current state of the account. */
export function Now({ account, actions }: { account: Schemas['Account']; actions: ReactNode }) {
  const { id, tier, balance, held, available, gate, autoReload, createdAt, closedAt } = account;
  const reload = useQuery(autoReloadQuery(id)).data?.reload;
  return (
    <Card title={words.now} note={`${id} · ${tier}`} action={actions}>
      <Facts>
        <Fact name={words.facts.balance}>
          <Money amount={balance} />
        </Fact>
        <Fact name={words.facts.held}>
          <Money amount={held} />
        </Fact>
        <Fact name={words.facts.available}>
          <Money amount={available} />
        </Fact>
        <Fact name={words.facts.access}>
          <GateBadge account={account} />
          {gate.reasons.length > 0 && (
            <small>{gate.reasons.map((reason) => wordFor(words.reasons, reason)).join(', ')}</small>
          )}
          {reload?.state === 'waiting' && <small>{words.triedAgain(formatClock(reload.nextAttemptAt))}</small>}
        </Fact>
        <Fact name={words.facts.autoReload}>
          {text.overview.states[autoReload.status]}
          {autoReload.amount !== null && autoReload.threshold !== null && (
            <small>{words.reloads(formatMoney(autoReload.amount), formatMoney(autoReload.threshold))}</small>
          )}
        </Fact>
        <Fact name={closedAt ? words.facts.closed : words.facts.opened}>{formatTime(closedAt ?? createdAt)}</Fact>
      </Facts>
    </Card>
  );
}
