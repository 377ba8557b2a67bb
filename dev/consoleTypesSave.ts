/** `npm run console:types`: writes the console's types of the API. */
import { writeFileSync } from 'node:fs';
import { CONSOLE_TYPES_FILE, makeConsoleTypes } from './consoleTypes';

makeConsoleTypes().then(
  (types) => {
    writeFileSync(CONSOLE_TYPES_FILE, types);
    process.stdout.write('console/src/api/schema.d.ts is written\n');
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
