/** From which release an upgrade is tried: a line that says what to do where git can't give it. */
import { findRelease } from '../../dev/upgrade/release';

test('a revision that git does not know here is refused, with what to do', async () => {
  await expect(findRelease('no-such-release')).rejects.toThrow(
    /git does not know no-such-release here: fetch the whole history .*--from/,
  );
});

test('without git, or a repository, it says what is missing', async () => {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  await expect(findRelease(undefined).finally(() => (process.env.PATH = PATH))).rejects.toThrow(
    /taken from git: run this in a clone of the repository, with git installed/,
  );
});
