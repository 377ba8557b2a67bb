/** The state of a balance workflow: how it begins, and how news is folded into it. */
import type { AccountState, DecisionRecord, Snapshot } from '../domain/accountState';
import { isBalance } from '../domain/money';
import type { UsageWatermark } from './messages';

/** What a workflow knows before it has read anything: stale, so the first decision is to read (O4). */
export function unread(accountId: string): AccountState {
  const snapshot: Snapshot = {
    accountId,
    revision: 0,
    watermark: -1,
    available: '0.00',
    setReasons: [],
    settings: { status: 'off', version: 0 },
    strikes: 0,
    lastStrikeMs: null,
    methodsVersion: 0,
    triedMethodsVersion: 0,
    methods: [],
    reload: null,
    uncanceled: null,
    flag: { reasons: ['balance_exhausted'], sinceMs: 0, told: 'never' },
    toldLow: true,
    blocked: null,
    policy: { trigger: 'at_or_below', retryDelaysMs: [] },
  };
  return {
    snapshot,
    acknowledgedAvailable: '0.00',
    stale: true,
    charging: false,
    requests: [],
    firstCharge: null,
    retry: { dueMs: 0, tries: 0 },
    decisions: [],
  };
}

/** A stale or repeated watermark changes nothing, nor does what is none, whoever has sent it. Returns whether it was news. */
export function foldWatermark(state: AccountState, told: Partial<UsageWatermark> | null | undefined): boolean {
  const { watermark, available } = told ?? {};
  if (!isWatermark(watermark) || !isBalance(available) || watermark <= state.snapshot.watermark) return false;
  Object.assign(state.snapshot, { watermark, available });
  return true;
}

const isWatermark = (value: unknown): value is number => Number.isSafeInteger(value);

/**
 * Takes the snapshot over, unless the workflow has a newer one. The account is read again in two cases: when a signal has
 * told a later watermark than the snapshot's, because usage came while it was read or the signal is wrong; and when
 * Postgres has not recorded that the workflow knows this snapshot (`acknowledged`).
 */
export function foldSnapshot(state: AccountState, snapshot: Snapshot): void {
  if (snapshot.revision <= state.snapshot.revision) return;
  if (state.snapshot.watermark > snapshot.watermark || snapshot.acknowledged === false) state.stale = true;
  state.acknowledgedAvailable = snapshot.available;
  state.snapshot = snapshot;
}

/** Kept for the `decisions` query; all of them are in Postgres (A15). */
const DECISIONS_KEPT = 20;

export function remember(state: AccountState, decision: DecisionRecord): void {
  state.decisions = [...state.decisions, decision].slice(-DECISIONS_KEPT);
}
