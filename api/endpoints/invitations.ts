/** How a member confirms an address: by the link of an invitation, without a key. Until then it gets no other mail. */
import escapeHtml from 'escape-html';
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { confirmMember } from '../../ledger/accounts/confirmMember';
import { inviteMember } from '../../ledger/accounts/inviteMember';
import { lockMembers } from '../../ledger/accounts/lockMembers';
import type { Member } from '../../ledger/accounts/member';
import { readInvited, type Invited } from '../../ledger/accounts/readInvited';
import { transaction, type Tx } from '../../ledger/db';
import { noContent, type Reply } from '../http/endpoint';
import { page, PRIVATE_PAGE_HEADERS } from '../http/html';
import { accountId, uuid } from '../http/schemas';
import { endpoint, type Uses } from '../services';

const byToken = z.strictObject({ token: z.string().max(200) });
const html = (status: number, body: string): Reply => ({ status, body, headers: PRIVATE_PAGE_HEADERS });

/** The page behind a link, and its button. */
const linked = {
  params: byToken,
  replies: { 200: null, 404: null },
  uses: ['pool', 'invitations', 'clock'],
  texts: { 200: ['text/html'], 404: ['text/html'] },
  refusals: ['database_unavailable'],
} as const;

/** Asks. Mail programs and scanners open links by themselves: so this confirms nothing. */
export const show = endpoint({
  ...linked,
  async handle({ params }, services) {
    const invited = await invitedBy(params.token, services);
    if (!invited) return html(404, overPage());
    return html(200, invited.confirmed ? donePage(invited) : askPage(invited));
  },
});

export const accept = endpoint({
  ...linked,
  async handle({ params }, services) {
    const invited = await invitedBy(params.token, services);
    if (!invited) return html(404, overPage());
    const { id, email, accountId } = invited;
    await transaction(services.pool, async (tx) => {
      if (await confirmMember(tx, id, email))
        await recordAudit(tx, accountId, `member:${id}`, 'member.confirm', { memberId: id });
    });
    return html(200, donePage(invited));
  },
});

export const resend = endpoint({
  params: z.strictObject({ id: accountId, memberId: uuid }),
  replies: { 204: null },
  uses: ['pool'],
  refusals: ['too_many_requests'],
  async handle({ params: { id, memberId } }, { pool }) {
    await transaction(pool, async (tx) => {
      const member = (await lockMembers(tx, id)).find((one) => one.id === memberId);
      if (!member) throw notFound(`member ${memberId}`);
      if (!member.confirmed) await invite(tx, id, member);
    });
    return noContent;
  },
});

/** Sends the invitation, or refuses the request when there were too many of late. */
export async function invite(tx: Tx, accountId: string, member: Member): Promise<void> {
  if (await inviteMember(tx, accountId, member)) return;
  throw new Problem('too_many_requests', 'Too many invitations were sent of late; nothing was changed.', {
    retryAfterSeconds: 3_600,
  });
}

async function invitedBy(
  token: string,
  { pool, invitations, clock }: Uses<'pool' | 'invitations' | 'clock'>,
): Promise<Invited | null> {
  const read = invitations.read(token);
  if (read === null || read.expiresMs < clock.now()) return null;
  const invited = await readInvited(pool, read.memberId);
  return invited && read.isFor(invited.email) ? invited : null;
}

const askPage = ({ accountName, email }: Invited): string =>
  page(
    'Confirm your address',
    `<h1>Confirm your address</h1><p>You were added to the account ${escapeHtml(accountName)}. Confirm that <b>${escapeHtml(email)}</b> is yours, and mail about the account will be sent to it.</p>` +
      '<form method="post"><button type="submit">Yes, this is my address</button></form>' +
      '<p><small>If you did not expect this, just close the page: you will get no other mail.</small></p>',
  );
const donePage = ({ accountName }: Invited): string =>
  page(
    'Thank you',
    `<h1>Thank you</h1><p>Your address is confirmed for the account ${escapeHtml(accountName)}. You can close this page.</p>`,
  );
const overPage = (): string =>
  page(
    'No such link',
    '<h1>There is nothing at this link</h1><p>It is not complete, or its time is over. Ask an owner of the account to send the invitation again.</p>',
  );
