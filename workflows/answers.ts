/** Owners' requests and their answers: who has asked waits, while the loop carries the request out (A5, A13). */
import { condition } from '@temporalio/workflow';
import type { AccountState, SettingsAnswer, SettingsRequest } from '../domain/accountState';
import type { News } from './news';
import { ANSWER_TIMEOUT } from './timeouts';

export class Answers {
  /** Of the requests that somebody waits for; null until there is one. */
  private readonly given = new Map<string, SettingsAnswer | null>();

  constructor(
    private readonly state: AccountState,
    private readonly news: News,
  ) {}

  async ask(request: SettingsRequest): Promise<SettingsAnswer> {
    this.given.set(request.requestId, null);
    this.state.requests.push(request);
    this.news.tell();
    await condition(() => this.given.get(request.requestId) !== null, ANSWER_TIMEOUT);
    const answer = this.given.get(request.requestId);
    this.given.delete(request.requestId);
    return answer ?? { kind: 'pending' };
  }

  /** An answer that comes after its time is for nobody. */
  give(requestId: string, answer: SettingsAnswer): void {
    if (this.given.has(requestId)) this.given.set(requestId, answer);
  }
}
