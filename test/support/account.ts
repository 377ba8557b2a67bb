/** An account as tests see it: it uses, pays and asks through the ledger and the workflow, and shows what became of it. */
import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { SignalDefinition } from '@temporalio/common';
import type Stripe from 'stripe';
import type { AccountState, SettingsAnswer } from '../../domain/accountState';
import type { AutoReloadSettings } from '../../domain/autoReload';
import { formatMoney, parseMoney, wholeCents, type Nano } from '../../domain/money';
import { decide } from '../../domain/decide';
import { createAccount } from '../../ledger/accounts/createAccount';
import { transaction } from '../../ledger/db';
import { addPaymentMethod } from '../../ledger/methods/addPaymentMethod';
import { insertPrepayment } from '../../ledger/payments/insertPrepayment';
import { postUsage } from '../../ledger/usage/postUsage';
import type { MovedPosition } from '../../ledger/accounts/position';
import { attachPaymentMethod, createCustomer } from '../../stripe/paymentMethods';
import * as messages from '../../workflows/messages';
import { startPrepayment } from '../../workflows/startPrepayment';
import { wakeBalance } from '../../workflows/wake';
import { until } from './notices';
import type { TestDatabase } from './database';

/** Where an account lives: a World is one. */
export type Surroundings = {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly stripe: Stripe;
  /** Workflow time, in epoch milliseconds. */
  now(): Promise<number>;
};

export type AccountOptions = {
  id?: string;
  /** Dollars credited at the start. @default "0" */
  balance?: string;
  /** Stripe's or the simulator's test methods: primary, then backup. @default ["pm_card_visa"] */
  cards?: string[];
  autoReload?: { threshold: string; amount: string; monthlyLimit?: string };
};

export type ReloadRow = {
  number: number;
  state: string;
  because: string | null;
  cents: number;
  status: string;
  attempts: string[];
};

export class TestAccount {
  readonly methods: string[] = [];

  private constructor(
    private readonly world: Surroundings,
    readonly id: string,
  ) {}

  static async open(world: Surroundings, options: AccountOptions): Promise<TestAccount> {
    const account = new TestAccount(world, options.id ?? `acct_${randomUUID().slice(0, 8)}`);
    const { pool } = world.database;
    await transaction(pool, (tx) =>
      createAccount(
        tx,
        {
          id: account.id,
          name: 'Test',
          tier: 'standard',
          members: [{ name: 'Olga', email: `${account.id}@example.com`, role: 'owner' }],
        },
        { trigger: 'at_or_below', retryDelaysMs: [] },
      ),
    );
    for (const card of options.cards ?? ['pm_card_visa'])
      await account.addCard(card, account.methods.length === 0 ? 'primary' : 'backup');
    if (options.balance) await account.credit(options.balance);
    if (options.autoReload) {
      await account.hasBought();
      await account.settle();
      const answer = await account.configure(options.autoReload);
      if (answer.kind !== 'saved') throw new Error(`configuring answered ${JSON.stringify(answer)}`);
    }
    await account.settle();
    return account;
  }

  get handle(): WorkflowHandle {
    return this.world.client.workflow.getHandle(messages.balanceWorkflowId(this.id));
  }

  async addCard(card: string, role: 'primary' | 'backup'): Promise<string> {
    const { pool } = this.world.database;
    const customerId = await createCustomer(this.world.stripe, this.id);
    await pool.query('update accounts set stripe_customer_id = $2 where id = $1', [this.id, customerId]);
    const attached = await attachPaymentMethod(this.world.stripe, customerId, card);
    if (attached.kind !== 'attached') throw new Error(`${card} could not be attached`);
    await transaction(pool, (tx) => addPaymentMethod(tx, this.id, attached.method, role, 20));
    this.methods.push(attached.method.id);
    return attached.method.id;
  }

  /** A1 wants an earlier purchase: here is one, long used up. */
  private async hasBought(): Promise<void> {
    await this.world.database.pool.query(
      `insert into payments (id, account_id, purpose, amount_cents, status, actor) values ($1, $2, 'prepayment', 500, 'succeeded', 'test')`,
      [randomUUID(), this.id],
    );
  }

  async credit(dollars: string): Promise<void> {
    await this.world.database.pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'test', 'test')`, [
      this.id,
      parseMoney(dollars).toString(),
      `test/${randomUUID()}`,
    ]);
  }

  /** Posts one usage event of so many dollars and signals the workflow, as the API does. */
  async use(dollars: string, { signal = true } = {}): Promise<MovedPosition> {
    const cost = parseMoney(dollars);
    const { positions } = await postUsage(this.world.database.pool, [
      {
        id: randomUUID(),
        accountId: this.id,
        model: 'test',
        inputTokens: 1,
        cachedInputTokens: 0,
        outputTokens: 0,
        images: 0,
        imageSize: null,
        atMs: Date.now(),
        holdId: null,
        cost,
      },
    ]);
    const position = positions.get(this.id)!;
    if (signal) await this.signalUsage(position);
    return position;
  }

  async signalUsage({ watermark, available }: Pick<MovedPosition, 'watermark' | 'available'>): Promise<void> {
    await this.wake(messages.usageSignal, { watermark, available: formatMoney(available) });
  }

  async wake<Args extends unknown[]>(signal: SignalDefinition<Args>, ...args: Args): Promise<void> {
    await wakeBalance(this.world.client, this.id, signal, ...args);
  }

  async configure({
    threshold,
    amount,
    monthlyLimit,
  }: NonNullable<AccountOptions['autoReload']>): Promise<SettingsAnswer> {
    const cents = (dollars: string) => wholeCents(parseMoney(dollars))!;
    const settings: AutoReloadSettings = {
      thresholdCents: cents(threshold),
      amountCents: cents(amount),
      monthlyLimitCents: monthlyLimit ? cents(monthlyLimit) : null,
    };
    return this.handle.executeUpdate(messages.configureAutoReloadUpdate, { args: [{ actor: 'olga', settings }] });
  }

  /** Pays in advance with a saved method, under a new key. Resolves when the payment is decided. */
  async prepay(
    amount: string,
    methodId = this.methods[0]!,
    idempotencyKey: string = randomUUID(),
  ): Promise<messages.PrepaymentResult> {
    const begun = await insertPrepayment(this.world.database.pool, {
      id: randomUUID(),
      accountId: this.id,
      cents: wholeCents(parseMoney(amount))!,
      paymentMethodId: methodId,
      idempotencyKey,
      requestHash: amount,
      actor: 'olga',
    });
    if (begun.kind === 'key_reused') throw new Error(`the key ${idempotencyKey} was used for something else`);
    const input = { accountId: this.id, paymentId: begun.payment.id, paymentMethodId: methodId };
    return (await startPrepayment(this.world.client, input, idempotencyKey)).result();
  }

  pause = () => this.handle.executeUpdate(messages.pauseAutoReloadUpdate, { args: [{ actor: 'olga' }] });
  resume = () => this.handle.executeUpdate(messages.resumeAutoReloadUpdate, { args: [{ actor: 'olga' }] });
  disable = () => this.handle.executeUpdate(messages.disableAutoReloadUpdate, { args: [{ actor: 'olga' }] });

  /** Waits until the workflow has folded all news and by its own policy has nothing to do now. */
  async settle(): Promise<void> {
    const read = async () =>
      (
        await this.world.database.pool.query<{ wake: boolean; revision: bigint }>(
          'select wake, revision from balances where account_id = $1',
          [this.id],
        )
      ).rows[0]!;
    if ((await read()).wake) await this.wake(messages.refreshSignal);
    await until(
      async () => {
        const state = await this.state();
        const { wake, revision } = await read();
        return {
          wake,
          behind: Number(revision) - state.snapshot.revision,
          charging: state.charging,
          next: decide(state, await this.world.now()).kind,
        };
      },
      ({ wake, behind, charging, next }) => !wake && behind === 0 && !charging && (next === 'rest' || next === 'wait'),
    );
  }

  state = (): Promise<AccountState> => this.handle.query(messages.stateQuery);

  async available(): Promise<string> {
    const { rows } = await this.world.database.pool.query<{ a: Nano }>(
      'select balance_nano - held_nano as a from balances where account_id = $1',
      [this.id],
    );
    return formatMoney(rows[0]!.a);
  }

  async autoReload(): Promise<{
    status: string;
    strikes: number;
    thresholdCents: number | null;
    amountCents: number | null;
    blockedBy: string | null;
    flag: string[];
  }> {
    const {
      rows: [row],
    } = await this.world.database.pool.query(
      'select status, strikes, threshold_cents, amount_cents, blocked_by, flag_reasons from account_states where account_id = $1',
      [this.id],
    );
    const number = (value: bigint | null) => (value === null ? null : Number(value));
    return {
      status: row.status,
      strikes: row.strikes,
      thresholdCents: number(row.threshold_cents),
      amountCents: number(row.amount_cents),
      blockedBy: row.blocked_by,
      flag: row.flag_reasons,
    };
  }

  /** Oldest first. An attempt shows as `1 primary declined`. */
  async reloads(): Promise<ReloadRow[]> {
    const { rows } = await this.world.database.pool.query(
      `select r.number, r.state, r.because, p.amount_cents::int as cents, p.status, coalesce((
         select array_agg(a.attempt || ' ' || a.role || ' ' || a.outcome order by a.at, a.confirmations) from payment_attempts a where a.payment_id = r.id), '{}') as attempts
       from reloads r join payments p on p.id = r.id where r.account_id = $1 order by r.number`,
      [this.id],
    );
    return rows;
  }

  /** Kind and amount of each ledger line, oldest first, usage left out. */
  async credits(): Promise<string[]> {
    const { rows } = await this.world.database.pool.query<{ kind: string; amount_nano: Nano }>(
      `select kind, amount_nano from ledger_lines where account_id = $1 and kind <> 'usage' order by sequence`,
      [this.id],
    );
    return rows.map(({ kind, amount_nano }) => `${kind} ${formatMoney(amount_nano)}`);
  }

  async notices(): Promise<string[]> {
    const { rows } = await this.world.database.pool.query<{ kind: string }>(
      'select kind from notices where account_id = $1 order by at',
      [this.id],
    );
    return rows.map(({ kind }) => kind);
  }

  async addOwners(...emails: string[]): Promise<void> {
    await this.world.database.pool.query(
      `insert into members (account_id, name, email, role, confirmed_at) select $1, e, e, 'owner', now() from unnest($2::text[]) e`,
      [this.id, emails],
    );
  }

  /** Mails to send, by the kind of their notice: one per owner and event. */
  async mails(): Promise<Record<string, number>> {
    const { rows } = await this.world.database.pool.query<{ kind: string; n: number }>(
      `select kind, count(*)::int as n from notices join notice_deliveries on notice_id = id where account_id = $1 group by kind order by kind`,
      [this.id],
    );
    return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
  }

  async decisions(): Promise<string[]> {
    const { rows } = await this.world.database.pool.query<{ d: string }>(
      `select kind || ' ' || rule as d from decisions where account_id = $1 order by number`,
      [this.id],
    );
    return rows.map(({ d }) => d);
  }

  /** Charges at Stripe that succeeded, of all this account's payments. */
  async paidCharges(): Promise<number> {
    const { rows } = await this.world.database.pool.query<{ c: string }>(
      'select stripe_customer_id as c from accounts where id = $1',
      [this.id],
    );
    const charges = await this.world.stripe.charges.list({ customer: rows[0]!.c, limit: 100 });
    return charges.data.filter(({ status }) => status === 'succeeded').length;
  }
}
