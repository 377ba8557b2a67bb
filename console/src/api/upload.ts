/** Uploads with progress, which `fetch` does not tell. By cookie and with problems as errors, as all else. */
import { noteRefusal } from './client';
import { ProblemError, toProblemBody } from './problem';

export type Progress = { sentBytes: number; totalBytes: number };
type Options = { onProgress: (progress: Progress) => void; signal: AbortSignal };

/**
 * Throws a ProblemError for a refusal, which may come before all is sent; an AbortError when it was stopped; another
 * error when the connection was lost.
 */
export function upload<Answer>(path: string, body: FormData | Blob, { onProgress, signal }: Options): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onProgress({ sentBytes: loaded, totalBytes: total });
    request.onload = () => {
      const { status } = request;
      const response: unknown = request.response;
      if (status < 300) return resolve(response as Answer);
      const body = toProblemBody(response);
      noteRefusal(status, body);
      reject(new ProblemError(status, body, request.getResponseHeader('retry-after')));
    };
    request.onerror = () => reject(new TypeError('The connection was lost.'));
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(body);
  });
}
