/** What one check is: rows that are looked at, and which of them are wrong. */

/**
 * How a check is divided, so that no statement has to look at everything at once:
 * `accounts` by ranges of account ids ($1 exclusive, $2 inclusive; null is open),
 * `postings` by ranges of usage commits, `keys` by ranges of the hash under which events are looked up (both ends
 * inclusive), `once` not at all.
 */
export type Division = 'accounts' | 'postings' | 'keys' | 'once';

export type Check = {
  /** Its number in docs/operations.md, then the rule in words. */
  invariant: string;
  division: Division;
  /** Selects one row for each thing that is looked at: (place, detail, wrong). Names tables only, no view and no function of ours. */
  rows: string;
};

/** The condition that an account id lies in the range. */
export const inRange = (column: string): string =>
  `($1::text is null or ${column} > $1) and ($2::text is null or ${column} <= $2)`;

/** In nano-dollars. */
export const NANO_PER_CENT = 10_000_000;

/** The commit of a usage line; null where its reference is none. */
export const postingOf = (line: string): string =>
  `case when ${line}.kind = 'usage' and ${line}.reference ~ '^usage/[0-9]{1,18}$' then substr(${line}.reference, 7)::bigint end`;

/** Events of that commit may have left for a file, wholly, or in part where a month was restored without ids that stand again (B8). */
export const mayBeArchived = (posting: string): string =>
  `exists (select from usage_archives x where (x.dropped_at is not null or x.left_out > 0) and ${posting} between x.first_posting and x.last_posting)`;
