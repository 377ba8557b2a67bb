/** Batches as the rules have them (L3, L4): what they reserve of tokens and money, and what comes back. */
import type { Result } from './commands';
import { nanoOf, type Purse } from './purse';

/** Each request reserves so many tokens; more than the limit an account's open jobs may not have together. */
export const TOKENS = 1_000;
export const TOKENS_MAX = 8_000;

type Request = { held: bigint; isDone: boolean; isClaimed: boolean };
export type Job = {
  key: number | null;
  content: string;
  status: 'validating' | 'in_progress' | 'finalizing' | 'cancelling' | 'completed' | 'failed' | 'expired' | 'cancelled';
  isClosed: boolean;
  requests: Request[];
  /** Still reserved. */
  tokens: number;
  held: bigint;
  charged: bigint;
  hasOverrun: boolean;
};

const ENDED = ['completed', 'failed', 'expired', 'cancelled'];

export class Batches {
  readonly jobs: Job[] = [];

  constructor(private readonly purse: Purse) {}

  create(requests: number, cents: number, key: number | null, begins: boolean): string {
    const content = `${requests} ${cents}`;
    const existing = this.jobs.find((job) => key !== null && job.key === key);
    if (existing) return existing.content === content ? 'repeated' : 'key_reused';
    const enqueued = this.jobs.reduce((sum, { tokens }) => sum + tokens, 0);
    if (enqueued + requests * TOKENS > TOKENS_MAX) return 'token_limit_exceeded';
    if (this.purse.reasons.length > 0) return 'account_suspended';
    const held = nanoOf(cents) * BigInt(requests);
    if (this.purse.available - held <= 0n) return 'insufficient_funds';
    this.purse.change({ held });
    const one = (): Request => ({ held: nanoOf(cents), isDone: false, isClaimed: false });
    this.jobs.push({
      key,
      content,
      status: begins ? 'in_progress' : 'validating',
      isClosed: false,
      requests: begins ? Array.from({ length: requests }, one) : [],
      tokens: requests * TOKENS,
      held,
      charged: 0n,
      hasOverrun: false,
    });
    return 'created';
  }

  /**
   * The lines that are handed out. Together with what executors have in hand, they never cost more than the job holds; where
   * that covers none, more is held: for those that half of what is available covers, or for one, and something is left.
   */
  claim(place: number, limit: number): number[] {
    const job = this.at(place);
    if (job?.status !== 'in_progress') return [];
    const open = job.requests.filter(({ isDone }) => !isDone);
    const inHand = open.reduce((sum, { isClaimed, held }) => sum + (isClaimed ? held : 0n), 0n);
    const free = job.hasOverrun ? job.held - inHand : job.held;
    const due = open.filter(({ isClaimed }) => !isClaimed).slice(0, limit);
    const costOf = (requests: readonly Request[]): bigint => requests.reduce((sum, { held }) => sum + held, 0n);
    const most = (money: bigint): Request[] => {
      let handed = due;
      while (handed.length > 0 && costOf(handed) > money) handed = handed.slice(0, -1);
      return handed;
    };
    let handed = most(free);
    if (handed.length === 0 && due.length > 0) {
      const spare = this.purse.available - 1n;
      if (this.purse.reasons.length > 0 || spare <= 0n) return [];
      handed = most(free + spare / 2n);
      if (handed.length === 0 && due[0]!.held <= free + spare) handed = due.slice(0, 1);
      if (handed.length === 0) return [];
      const missing = costOf(handed) - free;
      job.held += missing;
      this.purse.change({ held: missing });
    }
    for (const request of handed) request.isClaimed = true;
    return handed.map((request) => job.requests.indexOf(request) + 1);
  }

  /** The first result of a request counts. What costs more than it held uses what the job holds besides, then the balance. */
  record(place: number, results: readonly Result[]): string {
    const job = this.at(place);
    if (!job) return 'none';
    if (job.isClosed || job.status === 'validating') {
      const late = results.filter(({ line }) => !job.requests[line - 1]?.isDone).length;
      return `job_ended ${results.length - late} ${late}`;
    }
    let [duplicates, unknown, held, cost, completed, taken] = [0, 0, 0n, 0n, 0, 0];
    for (const { line, cents, failed } of results) {
      const request = job.requests[line - 1];
      if (!request) unknown += 1;
      else if (request.isDone) duplicates += 1;
      else {
        request.isDone = true;
        taken += 1;
        held += request.held;
        if (failed) continue;
        completed += 1;
        cost += nanoOf(cents);
      }
    }
    if (taken > 0) {
      const wanted = cost > held ? cost : held;
      const freed = wanted < job.held ? wanted : job.held;
      if (cost > held) job.hasOverrun = true;
      job.held -= freed;
      job.tokens -= taken * TOKENS;
      job.charged += cost;
      if (completed > 0) this.purse.post('usage', -cost, freed);
      else this.purse.change({ held: -freed });
    }
    return `recorded ${duplicates} ${unknown}`;
  }

  cancel(place: number): string {
    const job = this.at(place);
    if (!job) return 'none';
    if (job.status === 'cancelling' || job.status === 'cancelled') return 'cancelling before';
    if (job.status !== 'validating' && job.status !== 'in_progress') return 'ended';
    job.status = 'cancelling';
    return 'cancelling now';
  }

  /** What it reserves goes back with its end, at once. */
  close(place: number): string {
    const job = this.at(place);
    if (!job) return 'none';
    if (ENDED.includes(job.status)) return 'ended';
    if (job.status !== 'cancelling') job.status = 'finalizing';
    this.giveBack(job);
    return 'closed';
  }

  finish(place: number): string {
    const closed = this.close(place);
    const job = this.at(place);
    if (!job || closed === 'ended') return closed;
    const isDone = job.requests.length > 0 && job.requests.every((request) => request.isDone);
    job.status = job.status === 'cancelling' ? 'cancelled' : isDone ? 'completed' : 'expired';
    return `ended ${job.status}`;
  }

  /** Only a job that has not begun can fail. */
  fail(place: number): string {
    const job = this.at(place);
    if (!job) return 'none';
    if (job.status !== 'validating') return 'ended_before';
    job.status = 'failed';
    this.giveBack(job);
    return 'ended failed';
  }

  private giveBack(job: Job): void {
    this.purse.change({ held: -job.held });
    Object.assign(job, { held: 0n, tokens: 0, isClosed: true });
  }

  private at(place: number): Job | undefined {
    return this.jobs[place % this.jobs.length];
  }
}
