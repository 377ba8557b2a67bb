/** What a route does: the shapes it takes and gives, the services it uses, and its handler. Knows nothing of Express. */
import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { ErrorCode } from '../../domain/errors';
import type { Principal } from './auth';

export type Reply = {
  status: number;
  /** Sent as JSON; a string as it is, with the content type of `headers`. */
  body?: unknown;
  /** Instead of a body: JSON that was written already. */
  json?: string;
  /** Instead of a body: writes it, and ends the response in its own time. */
  stream?: (response: ServerResponse) => void;
  /** Lets go of what `stream` would have read: called where nobody is sent it, such as for HEAD or a caller who has gone. */
  dispose?: () => void;
  headers?: Record<string, string>;
};

export type Call<Params = unknown, Query = unknown, Body = unknown> = {
  principal: Principal;
  params: Params;
  query: Query;
  body: Body;
  header(name: string): string | undefined;
  /** Of the caller, as far as proxies are trusted. Worked out when it is asked for: few handlers need it. */
  address(): string;
  /** Whether the caller may still ask this: for an answer that goes on for long. One that can't be looked up now still may. */
  isWelcome(): Promise<boolean>;
  /** Whether the caller has closed the connection: nobody is told the answer. */
  hasGone(): boolean;
  /** Empty unless the endpoint is `idempotent`, or where it is optional and none came. */
  idempotencyKey: string;
};

/** What a handler reads of a streamed body. It need not read to the end: the rest is read and dropped after the answer. */
export type StreamedBody = {
  mediaType: string;
  /** With its parameters, such as the boundary of multipart. */
  contentType: string;
  chunks: AsyncIterable<Buffer>;
};

export type BodySpec<Schema extends z.ZodType = z.ZodType> = {
  schema: Schema;
  /** Takes newline-delimited JSON too: its lines become this field. */
  linesAs?: string;
  /** @default BODY_BYTES_MAX */
  bytesMax?: number;
  /** A missing body is taken as `{}`. */
  optional?: true;
  /** The handler takes the bytes as they came, of whatever type: their signature is over them. */
  raw?: true;
  /**
   * The handler takes the body while it comes, as a `StreamedBody`, in one of these media types. `schema` then only
   * documents it. More than `bytesMax` throws where the handler reads.
   */
  streamed?: readonly string[];
  /** What a body that can't be taken is called. @default `too_large`, `unsupported_media_type` */
  refusal?: ErrorCode;
  /** The handler checks the content by hand, where a schema would cost too much; the schema then only documents it. */
  unchecked?: true;
};

/** By status: the schema of the JSON, or null for none. Problems are listed by their codes, in `refusals`. */
export type Replies = Record<number, z.ZodType | null>;

export type Endpoint<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Services = never,
> = {
  params?: Params;
  query?: Query;
  body?: BodySpec<Body>;
  /** Moves money: needs an Idempotency-Key, or takes one where it is `optional`. */
  idempotent?: true | 'optional';
  replies: Replies;
  /** By status: media types in which the answer is text, such as CSV or a page. */
  texts?: Readonly<Record<number, readonly string[]>>;
  /** The codes that the handler refuses with. Those of the checks before it follow from all else (responses.ts). */
  refusals?: readonly ErrorCode[];
  /** Where the contract has another status for a code here than it usually has. */
  refusalStatus?: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Request headers that the handler reads, and what they are for. */
  headers?: Readonly<Record<string, string>>;
  /** The services that the handler is given. */
  uses?: readonly PropertyKey[];
  handle(call: Call<z.output<Params>, z.output<Query>, z.output<Body>>, services: Services): Promise<Reply> | Reply;
};

/**
 * Makes the function that endpoints of an API are written with. It infers the types of a handler's parameters, query and
 * body from their schemas, and gives the handler those services that it names in `uses`, and no others.
 */
export const endpointsWith =
  <Services>() =>
  <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, const Names extends keyof Services = never>(
    spec: Endpoint<P, Q, B, Pick<Services, Names>> & { uses?: readonly Names[] },
  ): Endpoint<z.ZodType, z.ZodType, z.ZodType, Services> =>
    spec;

export const ok = (body: unknown, headers?: Record<string, string>): Reply => ({
  status: 200,
  body,
  ...(headers && { headers }),
});
export const created = (body: unknown): Reply => ({ status: 201, body });
export const accepted = (body: unknown): Reply => ({ status: 202, body });
export const noContent: Reply = { status: 204 };
