/** Usage: single and in batches, repeated, with other content, reversed; and holds in all their ends. */
import { centsToNano, formatCents } from '../../../domain/money';
import { Defect, expect } from '../../caller';
import type { Random } from '../../random';
import type { SentEvent } from '../acknowledged';
import { MODEL, PRICE } from '../accounts';
import type { Operation, Scene } from './operation';

/** Ten dollars in the middle: as much as is prepaid, so that balances fall to where they reload, and below zero. */
const TOKENS_MAX = 20_000_000;

type Wire = {
  id: string;
  accountId: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
  holdId?: string;
};

function draw(random: Random, account: string, id: string): { event: SentEvent; wire: Wire } {
  const [inputTokens, outputTokens] = [random.between(1, TOKENS_MAX), random.between(0, 1_000)];
  const costNano = BigInt(inputTokens) * PRICE.input + BigInt(outputTokens) * PRICE.output;
  return {
    event: { account, id, costNano },
    wire: { id, accountId: account, model: MODEL, inputTokens, outputTokens },
  };
}

type UsageAnswer = { accepted: number; duplicates: number; rejected: { index: number; code: string }[] };

async function report(
  { people, acknowledged }: Scene,
  drawn: readonly { event: SentEvent; wire: Wire }[],
): Promise<UsageAnswer> {
  drawn.forEach(({ event }) => acknowledged.send(event));
  const events = drawn.map(({ wire }) => wire);
  const { body } = expect(
    await people.service.ask<UsageAnswer>('POST', '/v1/usage', { body: { events } }),
    'usage',
    200,
  );
  if (body.rejected.length > 0) throw new Defect(`usage was rejected: ${JSON.stringify(body.rejected)}`);
  if (body.accepted + body.duplicates !== drawn.length)
    throw new Defect(`of ${drawn.length} events ${body.accepted} are accepted and ${body.duplicates} duplicates`);
  drawn.forEach(({ event }) => acknowledged.take(event));
  return body;
}

export const useOnce: Operation = async (scene, random, { id }, name) => {
  await report(scene, [draw(random, id, name)]);
};

/** Events of several accounts in one request; half of the time both APIs are sent the same at once. */
export const useMany: Operation = async (scene, random, _account, name) => {
  const drawn = Array.from({ length: random.between(5, 60) }, (_, nth) => {
    const one = draw(random, random.pick(scene.people.accounts).id, `${name}-${nth}`);
    one.event.costNano -= BigInt(one.wire.inputTokens) * PRICE.input;
    one.wire.inputTokens = random.between(1, 20_000);
    one.event.costNano += BigInt(one.wire.inputTokens) * PRICE.input;
    return one;
  });
  const twice = random.chance(0.5);
  await Promise.all([report(scene, drawn), ...(twice ? [report(scene, drawn.toReversed())] : [])]);
};

/** The same id with other content: it must change nothing. */
export const useWrongly: Operation = async ({ people, acknowledged }, random) => {
  const before = acknowledged.anyTaken(() => random.next());
  if (before === null) return;
  const { wire } = draw(random, before.account, before.id);
  const { body } = expect(
    await people.service.ask<UsageAnswer>('POST', '/v1/usage', {
      body: { events: [{ ...wire, inputTokens: 1_000_003 }] },
    }),
    'usage with other content',
    200,
  );
  if (body.rejected[0]?.code !== 'event_conflict')
    throw new Defect(`usage with other content was answered ${JSON.stringify(body)}`);
};

type HoldAnswer = { id: string; charged?: string; released?: string };

/** Placed, and settled, released, settled by an event that names it, or left to expire. */
export const hold: Operation = async (scene, random, { id: account }, name) => {
  const { people, acknowledged } = scene;
  const path = `/v1/accounts/${account}/holds`;
  const cents = random.between(1, 3) * 100 + 50;
  const end = random.pick(['settle', 'settle twice', 'release', 'by event', 'expire'] as const);
  const drawn = draw(random, account, `${name}-held`);
  const placed = expect(
    await people.service.ask<HoldAnswer>('POST', path, {
      body: { amount: formatCents(cents), expiresInSeconds: end === 'expire' ? 10 : 600 },
      headers: { 'idempotency-key': name },
    }),
    'a hold',
    201,
    'insufficient_funds',
    'account_suspended',
  );
  if (placed.status !== 201) return;
  const { id } = placed.body;
  acknowledged.placeHold({ account, id, nano: centsToNano(cents) });
  if (end === 'expire') return;
  if (end === 'by event') {
    await report(scene, [{ event: drawn.event, wire: { ...drawn.wire, holdId: id } }]);
    return acknowledged.endHold({ account, id, status: 'settled', chargedNano: drawn.event.costNano });
  }
  if (end === 'release') {
    expect(await people.service.ask('POST', `${path}/${id}/release`), 'a release', 200);
    return acknowledged.endHold({ account, id, status: 'released', chargedNano: 0n });
  }
  acknowledged.send(drawn.event);
  const settle = async (): Promise<void> =>
    void expect(
      await people.service.ask('POST', `${path}/${id}/settle`, { body: { events: [drawn.wire] } }),
      'a settle',
      200,
    );
  await Promise.all(end === 'settle twice' ? [settle(), settle()] : [settle()]);
  acknowledged.take(drawn.event);
  acknowledged.endHold({ account, id, status: 'settled', chargedNano: drawn.event.costNano });
};

/** Given back once, whoever asks how often. */
export const reverse: Operation = async ({ people, acknowledged }, random, _account, name) => {
  const before = acknowledged.anyTaken(() => random.next());
  if (before === null) return;
  const answer = expect(
    await people.admin.ask<{ sequence: number }>('POST', '/v1/usage/reversals', {
      body: { accountId: before.account, eventId: before.id, reason: 'chaos' },
      headers: { 'idempotency-key': name },
    }),
    'a reversal',
    201,
    'already_reversed',
  );
  if (answer.status !== 201) return;
  const { account, costNano } = before;
  acknowledged.post({ kind: 'usage_reversal', account, sequence: answer.body.sequence, nano: costNano });
};
