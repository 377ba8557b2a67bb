/** What a notice has told, as its mail said it: for lists of them. */
import type { Notice } from '../domain/notice';
import { letterOf } from './letters/letterOf';

export type Told = { subject: string; text: string };

/** Said in place of what is erased when an account is closed. */
const ERASED = { by: 'a former owner', note: '', url: '' };

/** Null for a row of an older or newer release, which lacks what its letter says now. */
export function toldOf(kind: string, data: Record<string, unknown>): Told | null {
  try {
    // Rows of other releases are no notices of ours: those have no letter, or miss a field of it.
    const { subject, paragraphs } = letterOf({ ...ERASED, ...data, kind } as unknown as Notice);
    return { subject: `${subject[0]!.toUpperCase()}${subject.slice(1)}`, text: paragraphs.join(' ') };
  } catch {
    return null;
  }
}
