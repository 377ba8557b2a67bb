/** What traces are made of, and who makes them. */

/** Which span something belongs to, as it goes from process to process: W3C's `traceparent`. */
export type Carrier = string;
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export type SpanOptions = {
  /** Who began it: a caller from outside (`server`), us towards another system (`client`), or ourselves. @default ours */
  kind?: 'server' | 'client';
  attributes?: Attributes;
  /** @default the span that is running */
  parent?: Carrier | undefined;
};

export type Tracing = {
  /** Runs `work` as a span; what it begins belongs to it. `note` adds what is known only later. Fails as `work` does. */
  span<T>(name: string, options: SpanOptions, work: (note: (more: Attributes) => void) => Promise<T>): Promise<T>;
  /** Tells of what took no time of this process's, under an id (16 hexadecimal digits) that was given elsewhere. */
  moment(name: string, moment: { id: string; parent: Carrier; atMs: number; attributes: Attributes }): void;
  /** The span that is running; null: none is. */
  current(): { traceId: string; spanId: string; carrier: Carrier } | null;
  /** Keeps the span that is running: what is run within it later belongs to it. */
  keep(): <T>(work: () => T) => T;
  /** Told when spans can't be sent; they are lost. */
  onFault(listener: (message: string) => void): void;
  /** Sends what waits. */
  close(): Promise<void>;
};
