/** Listens for the pokes that Postgres sends when gates change; comes back by itself after a lost connection. */
import type { Logger } from 'pino';
import { Client } from 'pg';
import { typesOfBallast, type Db } from '../../ledger/db';

const RECONNECT_MS = 500;
/** Tells a dead connection from a quiet one. */
const KEEPALIVE_DELAY_MS = 5_000;

export type GateFeed = {
  start(): void;
  /** The listening connection, for reading what the poke was about: it never waits in line. Null while there is none. */
  connection(): Db | null;
  /** Gives the connection up, because it does not answer, and opens another. */
  reset(): void;
  close(): Promise<void>;
};

/** @param onPoke called at each change of gates, and after each (re)connection: something may have been missed */
export function openGateFeed(databaseUrl: string, onPoke: () => void, log: Logger): GateFeed {
  let client: Client | null = null;
  let listening = false;
  let retry: NodeJS.Timeout | null = null;
  let closed = false;

  async function connect(): Promise<void> {
    const mine = new Client({
      connectionString: databaseUrl,
      application_name: 'ballast-gate-feed',
      types: typesOfBallast,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
      connectionTimeoutMillis: 5_000,
    });
    client = mine;
    mine.on('notification', onPoke);
    mine.on('error', (error) => log.warn({ err: error }, 'the gate feed was lost'));
    mine.on('end', () => client === mine && reconnect());
    try {
      await mine.connect();
      await mine.query('listen gates');
      listening = client === mine;
      onPoke();
    } catch (error) {
      log.debug({ err: error }, 'the gate feed can not connect');
      await mine.end().catch(() => {});
      if (client === mine) reconnect();
    }
  }

  function reconnect(): void {
    client = null;
    listening = false;
    if (!closed) retry ??= setTimeout(() => ((retry = null), void connect()), RECONNECT_MS);
  }

  return {
    start: () => void connect(),
    connection: () => (listening ? client : null),
    reset() {
      const broken = client;
      if (!broken || !listening) return;
      reconnect();
      broken.connection.stream.destroy();
    },
    async close() {
      closed = true;
      if (retry) clearTimeout(retry);
      const last = client;
      client = null;
      listening = false;
      await last?.end().catch(() => {});
    },
  };
}
