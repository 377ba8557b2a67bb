/** The links of tests: a worker and an API made apart know each other's. */
import { createConfirmationLinks } from '../../payments/confirmationLink';

export const testLinks = createConfirmationLinks({
  publicUrl: 'https://ballast.test',
  secret: 'a secret of the tests',
});
