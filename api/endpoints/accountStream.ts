/** One account, followed by the console (api/stream). */
import { notFound } from '../../domain/errors';
import { accountExists } from '../../ledger/accounts/accountExists';
import { ofAccount } from '../http/schemas';
import { endpoint } from '../services';
import { EVENT_STREAM } from './gates';

export const follow = endpoint({
  params: ofAccount,
  replies: { 200: null },
  uses: ['pool', 'accountStreams'],
  refusals: ['too_many_requests'],
  texts: { 200: ['text/event-stream'] },
  async handle({ params: { id }, isWelcome }, { pool, accountStreams }) {
    if (!(await accountExists(pool, id))) throw notFound(`account ${id}`);
    accountStreams.admit(id);
    return {
      status: 200,
      headers: EVENT_STREAM,
      stream: (response) => accountStreams.open(response, id, isWelcome),
    };
  },
});
