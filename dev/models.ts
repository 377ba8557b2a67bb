/** `npm run models -- FILE`: puts the models of a file into the catalogue. Again it changes nothing. */
import { readConfig } from '../domain/config';
import { createApi } from './apiClient';
import { putModels, readCatalogue } from './catalogue';

async function main(): Promise<void> {
  const [file] = process.argv.slice(2);
  const { ADMIN_KEY, HOST, PORT } = readConfig(process.env);
  if (file === undefined || ADMIN_KEY === undefined)
    throw new Error(
      'Say which file: ADMIN_KEY=… PORT=3000 npm run models -- FILE (an example is dev/data/models.json).',
    );
  await putModels(createApi(`http://${HOST}:${PORT}`, ADMIN_KEY), readCatalogue(file), (line) => console.log(line));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
