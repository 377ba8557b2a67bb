import { PageHead } from '../../components/Card';
import { NoticesCard } from '../../features/notices/NoticesCard';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

export default function NoticesPage() {
  return (
    <>
      <PageHead title={text.pages.notices} />
      <NoticesCard id={useAccountId()} isTitleHidden />
    </>
  );
}
