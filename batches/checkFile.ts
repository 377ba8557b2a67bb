/** Checks a batch file while it streams: one model, one endpoint, each custom_id once, every line a request (L2). */
import { isAscii, isUtf8 } from 'node:buffer';
import {
  FILE_BYTES_MAX,
  FILE_ERRORS_MAX,
  LINE_BYTES_MAX,
  LINES_MAX,
  REQUESTS_MAX,
  type BatchEndpoint,
  type FileError,
} from '../domain/batch';
import { checkRequest, findOtherMedia, isFault, type BatchRequest, type LineFault } from '../domain/batchRequest';
import { JSON_LEVELS_MAX, parseStrictJson, repeatedName } from '../domain/strictJson';
import { createLineSplitter, isBlank, type Line } from './lines';
import type { Checker } from './storeUpload';

export type FileFacts = {
  requests: number;
  model: string;
  endpoint: BatchEndpoint;
  /** The line in which the first request stands: those before it are blank. */
  firstLine: number;
};
export type CheckedFile =
  { kind: 'fine'; facts: FileFacts } | { kind: 'refused'; errors: FileError[]; facts: FileFacts | null };

export type FileChecker = Checker<CheckedFile> & {
  /** Of the file's model, which its first request names; null until that has come. */
  readonly named: Pick<FileFacts, 'model' | 'firstLine'> | null;
  /** Nothing is wrong with what has come. */
  readonly isFineSoFar: boolean;
};

/** Whether the model exists and takes batches is not asked here. Memory: the custom ids, and one line. */
export function createFileChecker(): FileChecker {
  const lines = createLineSplitter();
  const errors: FileError[] = [];
  const firstLines = new Map<string, number>();
  let bytes = 0;
  let requests = 0;
  let lineCount = 0;
  let first: BatchRequest | null = null;
  let firstLine = 0;

  const refuse = (error: FileError): void => void (errors.length < FILE_ERRORS_MAX && errors.push(error));
  const refuseLine = (line: number, { code, message, param }: LineFault): void =>
    refuse({ code, message: `line ${line}: ${message}`, param, line });

  function check(line: Line): void {
    if (line.bytes !== null && isBlank(line.bytes)) return;
    requests += 1;
    if (requests > REQUESTS_MAX) return;
    const request = parseNewRequest(line.bytes);
    if (isFault(request)) return refuseLine(line.number, request);
    const earlier = firstLines.get(request.customId);
    if (earlier !== undefined)
      return refuseLine(line.number, {
        code: 'duplicate_custom_id',
        message: `custom_id ${JSON.stringify(request.customId)} was used in line ${earlier}`,
        param: 'custom_id',
      });
    firstLines.set(request.customId, line.number);
    if (first === null) [first, firstLine] = [request, line.number];
    const other = otherThan(first, request);
    if (other) refuseLine(line.number, other);
  }

  const ofFile = (code: FileError['code'], message: string): FileError => ({
    code,
    message,
    param: 'file',
    line: null,
  });

  return {
    push(chunk) {
      bytes += chunk.length;
      for (const line of lines.push(chunk)) {
        check(line);
        lineCount = line.number;
        if (this.hopeless) return;
      }
    },
    get named() {
      return first && { model: first.model, firstLine };
    },
    get isFineSoFar() {
      return errors.length === 0;
    },
    get hopeless() {
      return bytes > FILE_BYTES_MAX || requests > REQUESTS_MAX || lineCount > LINES_MAX;
    },
    end() {
      for (const line of lines.end()) check(line);
      const facts = first && { requests, model: first.model, endpoint: first.url, firstLine };
      // What is wrong with the whole file comes first: lines are of no use before it is mended.
      if (bytes > FILE_BYTES_MAX)
        errors.unshift(ofFile('file_too_large', `the file has more than ${FILE_BYTES_MAX} bytes`));
      else if (requests > REQUESTS_MAX)
        errors.unshift(ofFile('too_many_tasks', `the file has more than ${REQUESTS_MAX} requests`));
      else if (lineCount > LINES_MAX)
        errors.unshift(ofFile('too_many_tasks', `the file has more than ${LINES_MAX} lines, blank ones among them`));
      else if (requests === 0) errors.unshift(ofFile('empty_file', 'the file has no requests'));
      return errors.length === 0 && facts
        ? { kind: 'fine', facts }
        : { kind: 'refused', errors: errors.slice(0, FILE_ERRORS_MAX), facts };
    },
  };
}

/** All requests of a file are of one endpoint and one model. */
function otherThan(first: BatchRequest, { url, model }: BatchRequest): LineFault | null {
  if (url !== first.url)
    return { code: 'url_mismatch', message: `url is ${url}, but the first request's is ${first.url}`, param: 'url' };
  if (model === first.model) return null;
  const message = `the model is ${model}, but the first request's is ${first.model}; a batch has one model`;
  return { code: 'model_mismatch', message, param: 'body.model' };
}

/** Like `parseRequest`, but also refuses a name that occurs twice in one object, and what else was not looked at before. */
const parseNewRequest = (bytes: Buffer | null): BatchRequest | LineFault =>
  parseLine(bytes, (text) => {
    const parsed = parseStrictJson(text);
    if (parsed.kind === 'parsed') return parsed.levels > JSON_LEVELS_MAX ? TOO_DEEP : checkNewRequest(parsed.value);
    if (parsed.kind === 'malformed') return NOT_JSON;
    return { code: 'invalid_request', message: `it has ${repeatedName(parsed.name)}`, param: null };
  });

function checkNewRequest(line: unknown): BatchRequest | LineFault {
  const request = checkRequest(line);
  return isFault(request) ? request : (findOtherMedia(request) ?? request);
}

/**
 * A line's request, or what is wrong with it. Lines that were checked are read by this one: files from before names, or
 * the answers of tools, were looked at must stay readable.
 */
export const parseRequest = (bytes: Buffer | null): BatchRequest | LineFault =>
  parseLine(bytes, (text) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return NOT_JSON;
    }
    return checkRequest(parsed);
  });

function parseLine(bytes: Buffer | null, parse: (text: string) => BatchRequest | LineFault): BatchRequest | LineFault {
  if (bytes === null) return unreadable(`it is longer than ${LINE_BYTES_MAX} bytes`);
  const text = decode(bytes);
  return text === null ? unreadable('it is not UTF-8') : parse(text);
}

/** Null for what is not UTF-8. Plain ASCII, as most lines are, is taken as it is: that is several times quicker. */
function decode(bytes: Buffer): string | null {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

const unreadable = (message: string): LineFault => ({ code: 'invalid_json_line', message, param: null });
const NOT_JSON = unreadable('it is not JSON');
const TOO_DEEP: LineFault = {
  code: 'invalid_request',
  message: `it is nested deeper than ${JSON_LEVELS_MAX} levels`,
  param: null,
};
