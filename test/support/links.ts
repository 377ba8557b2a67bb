/** The links of tests: a worker and an API made apart know each other's. */
import { createInvitationLinks } from '../../notices/invitationLink';
import { createSignInLinks } from '../../notices/signInLink';
import { createConfirmationLinks } from '../../payments/confirmationLink';

export const testInvitations = createInvitationLinks({
  publicUrl: 'https://ballast.test',
  secret: 'a secret of tests',
});
export const TEST_SIGN_IN_SECRET = 'a secret of tests';
export const testSignIns = createSignInLinks({ publicUrl: 'https://ballast.test', secret: TEST_SIGN_IN_SECRET });
export const testLinks = createConfirmationLinks({
  publicUrl: 'https://ballast.test',
  secret: 'a secret of the tests',
});

/** Who decides limit requests in tests. */
export const testAdmins = { emails: ['admin@ballast.test'], url: 'https://ballast.test/limit-requests' };
