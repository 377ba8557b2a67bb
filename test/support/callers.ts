/** Who has asked the servers of this process, and who of them has left: their answers can't tell. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

const REQUESTS = 'http.server.request.start';

export type Callers = {
  /** How many requests have come. */
  came(): number;
  /** How many of their connections are still open here. */
  open(): number;
  stop(): void;
};

/** Watches requests for one path. */
export function watchCallers(path: string): Callers {
  const sockets: Socket[] = [];
  const note = (message: unknown): void => {
    const { request, socket } = message as { request: IncomingMessage; socket: Socket };
    if (request.url === path) sockets.push(socket);
  };
  subscribe(REQUESTS, note);
  return {
    came: () => sockets.length,
    open: () => sockets.filter(({ destroyed }) => !destroyed).length,
    stop: () => unsubscribe(REQUESTS, note),
  };
}
