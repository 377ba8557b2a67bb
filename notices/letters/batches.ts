/** The letter about a batch job's end. */
import { dollars } from '../words';
import { NOTHING_TO_DO, type Letter, type Of } from './letter';

const ENDED = {
  completed: 'is completed',
  failed: 'has failed',
  expired: 'has reached the end of its completion window',
  cancelled: 'was canceled',
} as const;

export function batchEnded({ batch, status, requests, completed, failed, charged }: Of<'batch_ended'>): Letter {
  const unfinished = requests - completed - failed;
  return {
    subject: `a batch ${ENDED[status]}`,
    paragraphs: [
      `The batch ${batch} ${ENDED[status]}: ${completed} of ${requests} requests completed, ${failed} failed${unfinished > 0 ? `, ${unfinished} were not executed` : ''}.`,
      `It cost ${dollars(charged)}. What was reserved beyond that is available again.`,
      NOTHING_TO_DO,
    ],
  };
}
