import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Schemas } from '../../api/client';
import { isLost, ProblemError } from '../../api/problem';
import { keys } from '../../api/keys';
import { limitsQuery } from '../../api/limits';
import { upload, type Progress as Sent } from '../../api/upload';
import { Button } from '../../components/Button';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { Progress } from '../../components/Progress';
import { formatBytes, formatCount } from '../../format/number';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import styles from './Batches.module.css';
import { Faults } from './Faults';

const words = text.batches;
const isStopped = (error: Error): boolean => error.name === 'AbortError';

/** Picks a file and sends it. It is checked on its way; what is wrong with it is said line by line. */
export function UploadFile({ onUploaded }: { onUploaded: (fileId: string) => void }) {
  const { uploading, sent, stop } = useUpload(onUploaded);
  const hint = useHint();
  if (uploading.isPending)
    return (
      <section className={styles.upload} aria-live="polite">
        <p>{words.uploading(uploading.variables.name)}</p>
        <Progress label={words.uploading(uploading.variables.name)} done={sent.sentBytes} total={sent.totalBytes}>
          {sent.sentBytes < sent.totalBytes
            ? words.sent(formatBytes(sent.sentBytes), formatBytes(sent.totalBytes))
            : words.checking}
        </Progress>
        <div className={styles.buttons}>
          <Button onClick={stop}>{words.stop}</Button>
        </div>
      </section>
    );
  return (
    <section className={styles.upload}>
      {uploading.error && !isStopped(uploading.error) && <Refusal error={uploading.error} />}
      <Field label={uploading.error ? words.chooseOther : words.file} {...(hint !== null && { hint })}>
        <input
          type="file"
          accept=".jsonl,.ndjson,.json,application/jsonl"
          onChange={({ target }) => {
            const file = target.files?.[0];
            if (file) uploading.mutate(file);
          }}
        />
      </Field>
    </section>
  );
}

/** Stops with the window: what nobody waits for any more is not sent. */
function useUpload(onUploaded: (fileId: string) => void) {
  const id = useAccountId();
  const queries = useQueryClient();
  const stopping = useRef<AbortController | null>(null);
  const [sent, setSent] = useState<Sent>({ sentBytes: 0, totalBytes: 1 });
  useEffect(() => () => stopping.current?.abort(), []);
  const uploading = useMutation({
    mutationFn: (file: File) => {
      const form = new FormData();
      form.set('purpose', 'batch');
      form.set('file', file);
      stopping.current = new AbortController();
      setSent({ sentBytes: 0, totalBytes: Math.max(file.size, 1) });
      return upload<Schemas['File']>('/v1/files', form, { onProgress: setSent, signal: stopping.current.signal });
    },
    onSuccess: (file) => onUploaded(file.id),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.topic(id, 'files') }),
  });
  return { uploading, sent, stop: () => stopping.current?.abort() };
}

function Refusal({ error }: { error: Error }) {
  if (isLost(error)) return <Notice tone="bad">{text.states.unreachableWhy}</Notice>;
  const lines = error instanceof ProblemError ? (error.body?.lines ?? []) : [];
  return (
    <>
      <Notice tone="bad">
        {words.refused} {lines.length === 0 && error.message}
      </Notice>
      {lines.length > 0 && <Faults faults={lines} />}
    </>
  );
}

/** What a file may be, as the account's limits say. */
function useHint(): string | null {
  const limits = useQuery(limitsQuery(useAccountId()));
  const limitOf = (key: string) => limits.data?.data.find((row) => row.key === key)?.limit;
  const [requests, bytes] = [limitOf('batch.requests_per_file'), limitOf('batch.file_bytes')];
  return requests === undefined || bytes === undefined
    ? null
    : words.fileHint(formatCount(requests), formatBytes(bytes));
}
