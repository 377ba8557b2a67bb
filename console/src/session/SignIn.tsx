/** Signing in: by a link in a mail, or by key. A one-time token in the fragment signs in by itself. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button } from '../components/Button';
import { Field } from '../components/Field';
import { Notice } from '../components/Notice';
import { Problem } from '../components/Problem';
import { text } from '../text';
import { askForLink, useSignIn } from './signing';
import styles from './SignIn.module.css';
import { takeToken } from './token';

/** The whole page, for whoever comes without a session. */
export function SignInPage() {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.brand}>
          <img src="/icon.svg" alt="" width="28" height="28" />
          {text.app.name}
        </p>
        <h1>{text.signIn.title}</h1>
        <SignInForm />
      </div>
      <p className={styles.foot}>
        {text.signIn.foot} <a href="/docs/">{text.signIn.docs}</a>
      </p>
    </main>
  );
}

export function SignInForm() {
  const [way, setWay] = useState<'email' | 'key'>('key');
  const entering = useSignIn();
  const token = useRef<string | null | undefined>(undefined);
  useEffect(() => {
    if (token.current !== undefined) return;
    token.current = takeToken();
    if (token.current !== null) entering.mutate({ token: token.current });
  }, [entering]);

  return (
    <div className={styles.form}>
      <Problem error={entering.error} />
      {way === 'key' ? (
        <KeyForm isRunning={entering.isPending} onKey={(key) => entering.mutate({ key })} />
      ) : (
        <MailForm />
      )}
      <Button look="quiet" onClick={() => setWay(way === 'key' ? 'email' : 'key')}>
        {way === 'key' ? text.signIn.byMail : text.signIn.byKey}
      </Button>
    </div>
  );
}

function KeyForm({ isRunning, onKey }: { isRunning: boolean; onKey: (key: string) => void }) {
  const [key, setKey] = useState('');
  return (
    <Form onSubmit={() => key.trim() !== '' && onKey(key.trim())}>
      <Field label={text.signIn.key} hint={text.signIn.keyHint}>
        <input
          type="password"
          autoFocus
          autoComplete="current-password"
          value={key}
          required
          onChange={(event) => setKey(event.target.value)}
        />
      </Field>
      <Button type="submit" look="primary" isRunning={isRunning}>
        {text.signIn.submit}
      </Button>
    </Form>
  );
}

function MailForm() {
  const [email, setEmail] = useState('');
  const asking = useMutation({ mutationFn: askForLink });
  if (asking.isSuccess) return <Notice tone="good">{text.signIn.mailSent(email)}</Notice>;
  return (
    <Form onSubmit={() => asking.mutate(email.trim())}>
      <Problem error={asking.error} />
      <Field label={text.signIn.email} hint={text.signIn.emailHint}>
        <input
          type="email"
          autoComplete="email"
          value={email}
          required
          onChange={(event) => setEmail(event.target.value)}
        />
      </Field>
      <Button type="submit" look="primary" isRunning={asking.isPending}>
        {text.signIn.sendLink}
      </Button>
    </Form>
  );
}

function Form({ onSubmit, children }: { onSubmit: () => void; children: ReactNode }) {
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
