/** What inference has cost, over a period that the address says. */
import { useSearchParams } from 'wouter';
import { PageHead } from '../../components/Card';
import { Field } from '../../components/Field';
import { UsageReport } from '../../features/usage/UsageReport';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

const words = text.usage;
type Days = keyof typeof words.days;
const isDays = (given: string | null): given is Days => given !== null && Object.hasOwn(words.days, given);

export default function UsagePage() {
  const [search, setSearch] = useSearchParams();
  const given = search.get('days');
  const days: Days = isDays(given) ? given : '30';
  return (
    <>
      <PageHead title={text.pages.usage}>
        <Field label={words.period}>
          <select value={days} onChange={(event) => setSearch({ days: event.target.value }, { replace: true })}>
            {Object.entries(words.days).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
      </PageHead>
      <UsageReport id={useAccountId()} days={Number(days)} />
    </>
  );
}
