/** A TCP proxy on 127.0.0.1 whose traffic can be held up: what was sent then is neither answered nor refused. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Proxy = {
  port: number;
  /** Takes what comes and passes nothing on, either way. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
};

/** @param delayMs how late each answer of the target comes. @default 0 */
export async function startProxy(targetPort: number, delayMs = 0): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let held = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    if (held) socket.pause();
  };
  const server = createServer((inside) => {
    const outside = connect(targetPort, '127.0.0.1');
    keep(inside);
    keep(outside);
    for (const [from, to, lateMs] of [
      [inside, outside, 0],
      [outside, inside, delayMs],
    ] as const) {
      from
        .on('data', (data) => (lateMs > 0 ? setTimeout(() => to.write(data), lateMs) : to.write(data)))
        .on('close', () => to.destroy());
      if (held) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hold() {
      held = true;
      sockets.forEach((socket) => socket.pause());
    },
    release() {
      held = false;
      sockets.forEach((socket) => socket.resume());
    },
    async close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, 'close');
    },
  };
}
