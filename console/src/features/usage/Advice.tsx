import { useQuery } from '@tanstack/react-query';
import { autoReloadQuery } from '../../api/autoReload';
import { Card } from '../../components/Card';
import { Fact, Facts } from '../../components/Facts';
import { Money } from '../../components/Money';
import { Loaded } from '../../components/States';
import { text } from '../../text';

const words = text.usage;

/** What the API advises for this account's use (A16). */
export function Advice({ id }: { id: string }) {
  const autoReload = useQuery(autoReloadQuery(id));
  return (
    <Card title={words.advice} note={words.adviceNote}>
      <Loaded query={autoReload} lines={2}>
        {({ advice: { dailySpend, amount, threshold } }) => (
          <Facts>
            <Fact name={words.facts.average}>
              <Money amount={dailySpend} />
            </Fact>
            <Fact name={words.facts.amount}>
              <Money amount={amount} />
              <small>{words.amountWhy}</small>
            </Fact>
            <Fact name={words.facts.threshold}>
              <Money amount={threshold} />
              <small>{words.thresholdWhy}</small>
            </Fact>
          </Facts>
        )}
      </Loaded>
    </Card>
  );
}
