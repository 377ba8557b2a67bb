/** The console's types of the API, made from the document that the API serves. `npm run console:types` writes them; a test compares them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toOpenApi } from '../api/http/openapi';
import { routes } from '../api/routes';
import { run } from './commands';

/** The tool takes a second or two on an idle machine. */
const TOOL_MS_MAX = 120_000;
/** npm runs scripts where package.json is; the tests do, too. */
export const CONSOLE_TYPES_FILE = join(process.cwd(), 'console', 'src', 'api', 'schema.d.ts');

/** The types of the routes as they are now. Throws with what the tool said when it fails. */
export async function makeConsoleTypes(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-console-types-'));
  try {
    const [document, types] = [join(folder, 'openapi.json'), join(folder, 'api.d.ts')];
    writeFileSync(document, JSON.stringify(toOpenApi(routes)));
    const tool = join(process.cwd(), 'node_modules', 'openapi-typescript', 'bin', 'cli.js');
    const { code, output } = await run(process.execPath, [tool, document, '-o', types], { timeoutMs: TOOL_MS_MAX });
    if (code !== 0) throw new Error(`openapi-typescript has failed: ${output.slice(-500)}`);
    return readFileSync(types, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
