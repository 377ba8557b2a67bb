/** All workflows of a worker share one copy of their code (workers/bundle.ts): a module that kept something would leak it from account to account. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const sources = ['workflows', 'domain'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

/** What a module keeps beyond a call: a variable, or an empty collection that waits to be filled. */
const kept = (source: string): string[] =>
  source
    .split('\n')
    .filter(
      (line) =>
        /^(export )?(let|var) /.test(line) ||
        /^(export )?const \w+[^=]*= (new (Weak)?(Map|Set)(<.*>)?\(\)|\[\]|\{\});/.test(line),
    );

test.each(sources)('%s keeps nothing between calls', (file) =>
  expect(kept(readFileSync(join(root, file), 'utf8'))).toEqual([]),
);

test('a module that keeps something is found', () => {
  expect(
    kept('let last = 0;\nexport const seen = new Map<string, number>();\nconst all: string[] = [];\nconst LIMIT = 3;'),
  ).toHaveLength(3);
});
