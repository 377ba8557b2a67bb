/** The parts of a mail to an owner: what happened, what it means, what to do. Short, and nothing to sell. */
import type { Notice } from '../../domain/notice';

export type Letter = {
  subject: string;
  paragraphs: string[];
  /** Label and value, for receipts. */
  facts?: [label: string, value: string][];
  link?: { label: string; url: string };
};

export type Of<Kind extends Notice['kind']> = Extract<Notice, { kind: Kind }>;

export const AT_ZERO = 'When it reaches $0.00, access to inference is suspended.';
export const NOTHING_TO_DO = 'There is nothing you need to do.';
