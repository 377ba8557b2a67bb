import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, data } from '../../api/client';
import { useKept, type Kept } from '../../api/intent';
import { isUnheard, ProblemError } from '../../api/problem';
import { keys } from '../../api/keys';
import { Button, ButtonLink } from '../../components/Button';
import { Fact, Facts } from '../../components/Facts';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { Problem } from '../../components/Problem';
import { Loaded } from '../../components/States';
import { Unanswered } from '../../components/Unanswered';
import { useChange } from '../../components/useChange';
import { formatCount } from '../../format/number';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import styles from './Batches.module.css';

const words = text.batches;
const ASK_AGAIN_MS = 10_000;
const COUNTING_MS = 1_000;
const isCounting = (error: unknown): boolean => error instanceof ProblemError && error.code === 'file_not_counted';

const estimate = (fileId: string) => data(api.POST('/v1/batches/estimate', { body: { input_file_id: fileId } }));
type Estimate = Awaited<ReturnType<typeof estimate>>;

/** What a batch of the file takes, whether it fits, and the button that creates it. */
export function CreateBatch({ fileId, onClose }: { fileId: string; onClose: () => void }) {
  const id = useAccountId();
  const estimated = useQuery({
    queryKey: [...keys.topic(id, 'batches'), 'estimate', fileId],
    queryFn: () => estimate(fileId),
    // Money comes and other batches end while this is read.
    refetchInterval: ({ state }) => (isCounting(state.error) ? COUNTING_MS : ASK_AGAIN_MS),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const kept = useKept<Sent>(`batch.${id}.${fileId}`);
  const creating = useCreating(id, kept, onClose);
  const isUnanswered = kept.unanswered !== null && !creating.isPending;
  if (estimated.data === undefined && isCounting(estimated.error)) return <Notice tone="info">{words.counting}</Notice>;
  return (
    <Loaded query={estimated} lines={4}>
      {(found) => (
        <div className={styles.upload}>
          <h3>{words.estimate}</h3>
          <p className={styles.quiet}>{words.estimateNote}</p>
          <Taken estimate={found} />
          <Fit estimate={found} />
          {isUnanswered && <Unanswered onGiveUp={kept.giveUp} />}
          {!(isUnanswered && isUnheard(creating.error)) && <Problem error={creating.error} />}
          <div className={styles.buttons}>
            <Button
              look="primary"
              isRunning={creating.isPending}
              onClick={() => creating.mutate({ input_file_id: fileId, endpoint: found.endpoint })}
            >
              {words.submit}
            </Button>
            <Button onClick={onClose}>{text.dialog.cancel}</Button>
          </div>
        </div>
      )}
    </Loaded>
  );
}

type Sent = { input_file_id: string; endpoint: Estimate['endpoint'] };

const useCreating = (id: string, kept: Kept<Sent>, onDone: () => void) =>
  useChange<Sent>({
    name: words.create,
    change: (sent) =>
      kept
        .send(sent, (key) =>
          data(
            api.POST('/v1/batches', {
              params: { header: { 'Idempotency-Key': key } },
              body: { ...sent, completion_window: '24h' },
            }),
          ),
        )
        .then(() => words.created),
    changes: [keys.topic(id, 'batches')],
    onDone,
  });

const Taken = ({ estimate: { model, requests, tokens, cost } }: { estimate: Estimate }) => (
  <Facts>
    <Fact name={words.facts.model}>{model}</Fact>
    <Fact name={words.facts.requests}>{formatCount(requests)}</Fact>
    <Fact name={words.facts.tokens}>{formatCount(tokens)}</Fact>
    <Fact name={words.facts.cost}>
      <Money amount={cost} />
    </Fact>
  </Facts>
);

/** It may be tried all the same: whether it may be created is for the server to say. */
function Fit({ estimate: { fits, because } }: { estimate: Estimate }) {
  const isOwner = useRole() === 'owner';
  if (fits) return <Notice tone="good">{words.fits}</Notice>;
  return (
    <Notice tone="warn" action={isOwner && <ButtonLink href="/pay">{text.overview.addPrepayment}</ButtonLink>}>
      {words.fitsNot(because ?? '')}
    </Notice>
  );
}
