/** The state of the account: the banner, today, the last reloads, notices. It moves by itself. */
import { useQuery } from '@tanstack/react-query';
import { accountQuery } from '../../api/accounts';
import { PageHead } from '../../components/Card';
import { Loaded } from '../../components/States';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import { BalanceBanner } from './BalanceBanner';
import { Figures } from './Figures';
import { LastReloads } from './LastReloads';
import { Notices } from './Notices';
import styles from './Overview.module.css';
import { Spend } from './Spend';

export default function Overview() {
  const account = useQuery(accountQuery(useAccountId()));
  const role = useRole();
  return (
    <>
      <PageHead title={text.pages.overview} />
      <Loaded query={account} lines={5} card={text.overview.balance}>
        {(data) => <BalanceBanner account={data} />}
      </Loaded>
      <Figures />
      <Spend />
      <div className={`${styles.pair} in-order`}>
        <LastReloads />
        {role === 'owner' && <Notices />}
      </div>
    </>
  );
}
