/** A batch of the demo's: uploaded when the accounts are new, executed by the reference executor, told as it goes. */
import { sleep, type Log } from './commands';
import { reloadingAccount, type Demo } from './demoSetup';

const model = 'gpt-4.1-nano';
const requests = 200;
const lookEveryMs = 2_000;

interface Batch {
  id: string;
  status: string;
  request_counts: { total: number; completed: number };
  output_file_id: string | null;
}

/** Once: the next start finds the accounts made. */
export async function runBatch({ owners, keys, fresh }: Demo, url: string, log: Log): Promise<void> {
  if (!fresh) return;
  const owner = owners[reloadingAccount]!;
  const { id: file } = await upload(url, keys.owners[reloadingAccount]!);
  const { body: created } = await owner.request<Batch>('POST', '/v1/batches', {
    body: { input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h' },
  });
  log(`${reloadingAccount.padEnd(14)}a batch of ${requests} requests is on its way: ${created.id}`);
  for (let batch = created; ; await sleep(lookEveryMs)) {
    batch = await owner.get<Batch>(`/v1/batches/${created.id}`).catch(() => batch);
    if (batch.status === 'validating' || batch.status === 'in_progress' || batch.status === 'finalizing') continue;
    const { completed, total } = batch.request_counts;
    log(
      `${reloadingAccount.padEnd(14)}the batch is ${batch.status}: ${completed} of ${total} requests, output ${batch.output_file_id}`,
    );
    return;
  }
}

async function upload(url: string, key: string): Promise<{ id: string }> {
  const lines = Array.from({ length: requests }, (_, i) =>
    JSON.stringify({
      custom_id: `question-${i + 1}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model, max_tokens: 50, messages: [{ role: 'user', content: `What is ${i} plus ${i}?` }] },
    }),
  );
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([lines.join('\n')]), 'questions.jsonl');
  const answer = await fetch(`${url}/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: form,
  });
  if (!answer.ok) throw new Error(`the demo's batch was refused: ${await answer.text()}`);
  return (await answer.json()) as { id: string };
}
