/** Where the tests run: in the project's folder, beside what `npm test` has compiled. */
import { join } from 'node:path';

export const root = process.cwd();
export const dist = join(root, 'dist');
