import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rejectionCode } from '../../api/endpoints/usage';
import { ERRORS } from '../../domain/errors';

const [errors, rejections] = readFileSync(join(__dirname, '..', '..', 'docs', 'errors.md'), 'utf8').split(
  '## Rejected usage events',
);

test('docs/errors.md lists exactly the codes, statuses and titles of the registry', () => {
  const listed = [...errors!.matchAll(/^\| `(\w+)` \| (\d+) \| ([^|]+) \| [^|]+ \|$/gm)].map(
    ([, code, status, title]) => [code, Number(status), title],
  );
  expect(listed).toEqual(Object.entries(ERRORS).map(([code, { status, title }]) => [code, status, title]));
});

test('docs/errors.md lists exactly the codes of rejected events', () => {
  expect([...rejections!.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)).toEqual(rejectionCode.options);
});
