/**
 * Requests that a caller sends ahead, without waiting for answers (pipelining), are handled one by one: the next only
 * when the one before it is answered, and only after all other connections have had their turn. node:http alone handles
 * all that came in one piece at once, thousands of them, while everybody else waits.
 */
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** A connection on which so many requests wait is not read any more until they are fewer. */
const WAITING_MAX = 32;

/** The usual request, the first of its connection in this turn of the event loop, goes straight through. */
export function inTurn(listener: RequestListener): RequestListener {
  const waitingOn = new WeakMap<Socket, number>();
  /** Connections that have had their request of this turn. */
  const served = new Set<Socket>();
  const endTurn = (): void => served.clear();
  const isFull = (socket: Socket): boolean => waitingOn.get(socket)! >= WAITING_MAX;

  function isFirst(socket: Socket): boolean {
    if (served.has(socket)) return false;
    if (served.size === 0) setImmediate(endTurn);
    served.add(socket);
    return true;
  }

  function count(socket: Socket, change: 1 | -1): void {
    const before = waitingOn.get(socket);
    // node:http reads on by itself when it has answered: whoever reads on while too many wait is stopped again.
    if (before === undefined) socket.on('resume', () => isFull(socket) && socket.pause());
    waitingOn.set(socket, (before ?? 0) + change);
    if (isFull(socket)) socket.pause();
    else if (change === -1) socket.resume();
  }

  return (request, response) => {
    const { socket } = request;
    // A response has no socket yet while another one before it is being written.
    if (response.socket && isFirst(socket)) return listener(request, response);
    const handle = (): void => {
      count(socket, -1);
      if (!socket.destroyed) listener(request, response);
    };
    count(socket, 1);
    if (response.socket) setImmediate(handle);
    else response.once('socket', () => setImmediate(handle));
  };
}
