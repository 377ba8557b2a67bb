/** Stories with a known end, each about one way in which money has been lost or taken twice somewhere: what they come to was worked out by hand, so the model is held by them too. */
import type { Command } from './commands';

export type Story = {
  title: string;
  commands: Command[];
  /** In dollars; a token costs a bit more than ten cents. */
  then: { balance: string; held: string; gate: 'ok' | 'low' | 'reloading' | 'suspended' };
};

const money = (cents: number): Command => ({ do: 'adjust', cents, key: 0 });

export const STORIES: Story[] = [
  {
    title: 'B5 a hold that is released gives all of it back, once',
    commands: [
      money(2_000),
      { do: 'hold', cents: 1_500, key: 0 },
      { do: 'release', hold: 0 },
      { do: 'release', hold: 0 },
      { do: 'hold', cents: 2_000, key: 1 },
    ],
    then: { balance: '20.00', held: '20.00', gate: 'suspended' },
  },
  {
    title: 'B5 usage that names a hold gives the hold back in its commit, and costs what it costs',
    commands: [
      money(2_000),
      { do: 'hold', cents: 1_000, key: 0 },
      { do: 'use', events: [{ id: 1, tokens: 30, hold: 0 }] },
      { do: 'use', events: [{ id: 2, tokens: 10, hold: 0 }] },
    ],
    then: { balance: '15.99999996', held: '0.00', gate: 'ok' },
  },
  {
    title: 'B5 a hold that is settled above its amount takes the rest from the balance',
    commands: [
      money(2_000),
      { do: 'hold', cents: 500, key: 0 },
      {
        do: 'settle',
        hold: 0,
        events: [
          { id: 1, tokens: 80 },
          { id: 2, tokens: 20 },
        ],
      },
      {
        do: 'settle',
        hold: 0,
        events: [
          { id: 1, tokens: 80 },
          { id: 2, tokens: 20 },
        ],
      },
    ],
    then: { balance: '9.9999999', held: '0.00', gate: 'ok' },
  },
  {
    title: 'B5 a hold that has expired gives its money back once, and its usage is charged all the same',
    commands: [
      money(2_000),
      { do: 'hold', cents: 1_000, key: 0 },
      { do: 'hold', cents: 700, key: 1 },
      { do: 'expire', hold: 0 },
      { do: 'settle', hold: 0, events: [{ id: 1, tokens: 10 }] },
      { do: 'release', hold: 0 },
    ],
    then: { balance: '18.99999999', held: '7.00', gate: 'ok' },
  },
  {
    title: 'B3 an event that comes again is not charged again, whether alone, in one commit or by another way',
    commands: [
      money(2_000),
      { do: 'use', events: [{ id: 1, tokens: 10, hold: null }] },
      { do: 'use', events: [{ id: 1, tokens: 10, hold: null }] },
      {
        do: 'use',
        events: [
          { id: 1, tokens: 11, hold: null },
          { id: 2, tokens: 10, hold: null },
          { id: 2, tokens: 10, hold: null },
        ],
      },
      { do: 'hold', cents: 500, key: 0 },
      { do: 'settle', hold: 0, events: [{ id: 1, tokens: 10 }] },
    ],
    then: { balance: '17.99999998', held: '0.00', gate: 'ok' },
  },
  {
    title: 'B6 an event is reversed once, under whatever key it is asked for',
    commands: [
      money(2_000),
      { do: 'use', events: [{ id: 1, tokens: 50, hold: null }] },
      { do: 'reverse', event: 1, key: 0 },
      { do: 'reverse', event: 1, key: 0 },
      { do: 'reverse', event: 1, key: 1 },
    ],
    then: { balance: '20.00', held: '0.00', gate: 'ok' },
  },
  {
    title: 'L3 results give back what their requests held, also when they cost less, and nothing is given back twice',
    commands: [
      money(2_000),
      { do: 'batch', requests: 3, cents: 300, key: 0, begins: true },
      { do: 'claim', batch: 0, limit: 3 },
      {
        do: 'results',
        batch: 0,
        results: [
          { line: 1, cents: 100, failed: false },
          { line: 2, cents: 0, failed: true },
        ],
      },
      { do: 'results', batch: 0, results: [{ line: 1, cents: 100, failed: false }] },
    ],
    then: { balance: '19.00', held: '3.00', gate: 'ok' },
  },
  {
    title: 'L3 a job that ends early gives back what it still holds',
    commands: [
      money(2_000),
      { do: 'batch', requests: 4, cents: 400, key: 0, begins: true },
      { do: 'results', batch: 0, results: [{ line: 1, cents: 500, failed: false }] },
      { do: 'cancel', batch: 0 },
      { do: 'finish', batch: 0 },
      { do: 'finish', batch: 0 },
      { do: 'batch', requests: 2, cents: 100, key: 1, begins: false },
      { do: 'fail', batch: 1 },
    ],
    then: { balance: '15.00', held: '0.00', gate: 'ok' },
  },
  {
    title: 'P5 a refund that fails comes back, a dispute that is won too, and the card is not charged right back',
    commands: [
      { do: 'card', role: 'primary' },
      { do: 'prepay', cents: 2_000 },
      {
        do: 'ask',
        request: {
          kind: 'configure',
          settings: { thresholdCents: 1_000, amountCents: 1_500, monthlyLimitCents: null },
        },
        stripe: ['paid'],
      },
      { do: 'refund', payment: 0, cents: 1_500 },
      { do: 'turn', stripe: ['paid'] },
      { do: 'fail_refund', payment: 0 },
      { do: 'dispute', payment: 0 },
      { do: 'turn', stripe: ['paid'] },
      { do: 'win', payment: 0 },
      { do: 'turn', stripe: ['paid'] },
    ],
    then: { balance: '20.00', held: '0.00', gate: 'ok' },
  },
  {
    title: 'A8 three strikes turn auto-reload off; a charge whose cancellation finds it paid is credited once',
    commands: [
      { do: 'card', role: 'primary' },
      { do: 'prepay', cents: 2_000 },
      {
        do: 'ask',
        request: {
          kind: 'configure',
          settings: { thresholdCents: 1_000, amountCents: 1_500, monthlyLimitCents: null },
        },
        stripe: ['paid'],
      },
      { do: 'use', events: [{ id: 1, tokens: 150, hold: null }] },
      { do: 'turn', stripe: ['declined'] },
      { do: 'pass', seconds: 60 },
      { do: 'turn', stripe: ['declined'] },
      { do: 'pass', seconds: 300 },
      { do: 'turn', stripe: ['declined', 'paid'] },
      { do: 'news', payment: 1, paid: true },
      { do: 'turn', stripe: ['paid'] },
    ],
    then: { balance: '19.99999985', held: '0.00', gate: 'ok' },
  },
];
