/** The time-skipping Temporal server for workflow tests, got once per user into the cache. */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installOnce } from './cache';
import { findOnPath, isExecutable, run, type Log } from './commands';
import { withSdkDownload } from './sdkDownload';

const artifact = { groupId: 'io.temporal', artifactId: 'temporal-test-server', version: '1.31.0' };
const mavenTimeoutMs = 10 * 60_000;

// Short runs on few cores: the quick compiler only, one collector thread, and classes from a shared archive.
const jvmFlags = '-Xms32m -Xmx256m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto';

/** The path of an executable for `createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`. */
export async function ensureTestServer({ log }: { log: Log }): Promise<string> {
  const target = join(cacheDir(), `temporal-test-server-${artifact.version}`);
  const path = join(target, 'test-server');
  if (isExecutable(path)) return path;
  log("getting the time-skipping test server: the SDK's own download");
  if (await installFromSdk(target, log)) return path;
  log(`  not available here; taking ${artifact.groupId}:${artifact.artifactId}:${artifact.version} with Maven`);
  await installOnce(target, installFromMaven);
  return path;
}

function installFromSdk(target: string, log: Log): Promise<boolean> {
  return withSdkDownload('time-skipping', log, (downloaded) =>
    installOnce(target, (folder) => {
      copyFileSync(downloaded, join(folder, 'test-server'));
      chmodSync(join(folder, 'test-server'), 0o755);
      return Promise.resolve();
    }),
  );
}

async function installFromMaven(folder: string): Promise<void> {
  const mvn = findOnPath('mvn');
  if (!mvn || !findOnPath('java')) {
    throw new Error(
      "The workflow tests need Temporal's time-skipping server: open internet for its download, or Java 11+ and Maven (java, mvn) on PATH.",
    );
  }
  const jars = join(folder, 'jars');
  mkdirSync(jars);
  writeFileSync(join(folder, 'pom.xml'), pom());
  const args = [
    '-q',
    '-B',
    '-f',
    join(folder, 'pom.xml'),
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${jars}`,
  ];
  const { code, output } = await run(mvn, args, { timeoutMs: mavenTimeoutMs, cwd: folder });
  if (code !== 0) throw new Error(`Maven could not get the time-skipping test server:\n${output}`);
  const path = join(folder, 'test-server');
  writeFileSync(path, script());
  chmodSync(path, 0o755);
}

/** With slf4j-nop the server does not complain, at each start, that it has nowhere to log. */
function pom(): string {
  const { groupId, artifactId, version } = artifact;
  return `<project><modelVersion>4.0.0</modelVersion><groupId>ballast</groupId><artifactId>test-tools</artifactId><version>1</version>
<dependencies>
<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
`;
}

/** Class paths are taken from where the script lies, so that the folder may be moved into place. */
function script(): string {
  return `#!/bin/sh
here=$(dirname "$0")
exec java ${jvmFlags} -cp "$here/jars/*" io.temporal.testserver.TestServer "$@"
`;
}
