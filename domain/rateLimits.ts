/**
 * How often what may be tried, in one table; docs/security.md shows the same, and a test holds the two together. Usage,
 * gates and holds are not in it: inference never waits for a limit of ours.
 */

/**
 * Whose tries are counted together. An address is an IPv4 address, or an IPv6 network of 64 bits; the IPv6 networks of a
 * site, which have 48 bits in common, may try `SITE_TIMES` as often together.
 */
export type Counted = 'key' | 'account' | 'address';
export type RateLimit = { per: Counted; tries: number; seconds: number; what: string };

/** A site has 65,536 networks: without a limit for all of them, one could fill the counters of everybody. */
export const SITE_TIMES = 10;

const MINUTE = 60;
const HOUR = 3_600;

export const RATE_LIMITS = {
  /** A right key that the process knows always passes: else anybody could lock others of the same address out. */
  wrong_key: { per: 'address', tries: 300, seconds: MINUTE, what: 'requests with a wrong key' },
  sign_in: { per: 'key', tries: 120, seconds: HOUR, what: 'sign-ins with a key' },
  /** By address of the asker; how many go to one mailbox is counted where they are sent. */
  sign_in_mail: { per: 'address', tries: 30, seconds: 10 * MINUTE, what: 'links to sign in' },
  platform_key: { per: 'key', tries: 60, seconds: HOUR, what: 'keys made for services and admins' },
  member_key: { per: 'account', tries: 60, seconds: HOUR, what: 'keys made for members' },
  member: { per: 'account', tries: 100, seconds: HOUR, what: 'members added' },
  test_webhook: { per: 'account', tries: 20, seconds: 10 * MINUTE, what: 'test webhooks' },
  setup_page: { per: 'account', tries: 30, seconds: HOUR, what: 'pages to save a card' },
  checkout: { per: 'account', tries: 30, seconds: HOUR, what: 'Checkout pages' },
  /** Only what was declined counts: attached, prepaid or charged first by auto-reload, whoever asks (card testing). */
  declined_card: { per: 'account', tries: 5, seconds: HOUR, what: 'declined cards' },
} as const satisfies Record<string, RateLimit>;

export type RateLimitName = keyof typeof RATE_LIMITS;

/** Those that a line of the route table names. The others are counted where they happen. */
export type RouteLimitName = Exclude<RateLimitName, 'wrong_key' | 'sign_in' | 'sign_in_mail' | 'declined_card'>;
