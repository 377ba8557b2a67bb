/**
 * Owners who look at their accounts: open streams of a process of its own. Once told, it reads no more: browsers are on other
 * machines, and what is sent meanwhile fits into the kernel's buffers.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { get, type ClientRequest } from 'node:http';
import { takeLowPriority } from '../telemetry/priority';

export type Followed = { port: number; key: string; accountIds: readonly string[] };
export type Followers = { stop(): Promise<void> };

/** Resolves when each stream has told its account once. */
export async function startFollowers(followed: Followed): Promise<Followers> {
  const child = fork(__filename, [JSON.stringify(followed)], { detached: true });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`The streams' readers ended with exit code ${code}.`);
  });
  failed.catch(() => undefined);
  await Promise.race([once(child, 'message'), failed]);
  return {
    async stop() {
      child.send('stop');
      await ended;
    },
  };
}

export function follow(port: number, key: string, accountId: string, onText: (text: string) => void): ClientRequest {
  const path = `/v1/accounts/${accountId}/stream`;
  const request = get(
    { host: '127.0.0.1', port, path, agent: false, headers: { authorization: `Bearer ${key}` } },
    (response) =>
      response
        .setEncoding('utf8')
        .on('data', onText)
        .on('error', () => undefined),
  );
  return request.on('error', () => undefined);
}

export const tellsAccount = (text: string): boolean => text.includes('event: account');

async function main({ port, key, accountIds }: Followed): Promise<void> {
  takeLowPriority();
  process.once('message', () => process.exit());
  process.once('disconnect', () => process.exit());
  await Promise.all(
    accountIds.map(
      (id) =>
        new Promise<void>((told) => {
          const stream = follow(port, key, id, (text) => {
            if (!tellsAccount(text)) return;
            stream.socket!.pause();
            told();
          });
        }),
    ),
  );
  process.send!('all are told');
}

if (require.main === module) {
  main(JSON.parse(process.argv[2]!) as Followed).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
