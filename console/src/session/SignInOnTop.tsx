/** When a session ends while somebody works: they sign in again on top of the page, and what they had typed is still there. */
import { useEffect, useState } from 'react';
import { Dialog } from '../components/Dialog';
import { text } from '../text';
import { usePresence } from './presence';
import { SignInForm } from './SignIn';

export function SignInOnTop() {
  const presence = usePresence();
  const [isClosed, setClosed] = useState(false);
  useEffect(() => setClosed(false), [presence]);
  return (
    <Dialog title={text.signIn.again} isOpen={presence.isOver && !isClosed} onClose={() => setClosed(true)} isForm>
      <p>{text.signIn.ended}</p>
      <SignInForm />
    </Dialog>
  );
}
