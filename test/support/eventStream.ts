/** A client of Server-Sent Events that keeps what it is told. */
export type StreamEvent = { name: string; data: any; atMs: number };
export type EventStream = {
  status: number;
  events: StreamEvent[];
  /** The first event that fits, of those that have come or will. Throws when it has not come in twenty seconds. */
  next(fits: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  /** Resolves when the server has ended it. */
  ended: Promise<void>;
  close(): Promise<void>;
};

const PATIENCE_MS = 20_000;

export async function openEventStream(url: string, headers: Record<string, string>): Promise<EventStream> {
  const aborting = new AbortController();
  const response = await fetch(url, { headers, signal: aborting.signal });
  const events: StreamEvent[] = [];
  const listeners = new Set<() => void>();
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const [, name] = /^event: (.*)$/m.exec(part) ?? [];
        const [, data] = /^data: (.*)$/m.exec(part) ?? [];
        if (name && data) events.push({ name, data: JSON.parse(data), atMs: performance.now() });
      }
      listeners.forEach((listener) => listener());
    }
  };
  const ended = read().catch(() => {});
  return {
    status: response.status,
    events,
    ended,
    next: (fits) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => done(() => reject(new Error('the event has not come'))), PATIENCE_MS);
        const done = (act: () => void): void => {
          clearTimeout(late);
          listeners.delete(look);
          act();
        };
        const look = (): void => {
          const found = events.find(fits);
          if (found) done(() => resolve(found));
        };
        listeners.add(look);
        look();
      }),
    async close() {
      aborting.abort();
      await ended;
    },
  };
}
