/** When a session ends while somebody works: they sign in again on top of the page, and what they had typed is still there. */
import { useEffect, useState } from 'react';
import { listenSignedOut } from '../api/client';
import { Dialog } from '../components/Dialog';
import { text } from '../text';
import { listenOtherTabs } from './session';
import { SignInForm } from './SignIn';

export function SignInOnTop() {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => listenSignedOut(() => setOpen(true)), []);
  // Signed in again in another tab, which has the same cookie.
  useEffect(() => listenOtherTabs(() => setOpen(false)), []);
  return (
    <Dialog title={text.signIn.again} isOpen={isOpen} onClose={() => setOpen(false)} isForm>
      <p>{text.signIn.ended}</p>
      <SignInForm onDone={() => setOpen(false)} />
    </Dialog>
  );
}
