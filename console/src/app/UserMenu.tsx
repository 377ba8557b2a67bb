/** Who is signed in, for which account; the theme; the way out. */
import { useEffect, useState } from 'react';
import { useSession, type Session } from '../session/session';
import { useChooseAccount, useSignOut } from '../session/signing';
import { text } from '../text';
import { readTheme, setTheme, THEMES, type Theme } from './theme';
import styles from './UserMenu.module.css';

export function UserMenu() {
  const { member, role, accounts, accountId } = useSession();
  const { mutate: signOut } = useSignOut();
  const [theme, choose] = useState(readTheme);
  const here = accounts.find(({ id }) => id === accountId);
  return (
    <div className={styles.user}>
      {accounts.length > 1 ? (
        <AccountChoice accounts={accounts} accountId={accountId} />
      ) : (
        here && <p className={styles.account}>{here.name}</p>
      )}
      <p>
        {member ? `${member.name} · ` : ''}
        {text.user.roles[role]}
      </p>
      <div className={styles.row}>
        <label>
          <span className="visually-hidden">{text.theme.label}</span>
          <select
            value={theme}
            onChange={(event) => {
              choose(event.target.value as Theme);
              setTheme(event.target.value as Theme);
            }}
          >
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {text.theme[name]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => signOut()}>
          {text.user.signOut}
        </button>
      </div>
    </div>
  );
}

/** Arrow keys move through the names, so the account changes by the button alone. */
function AccountChoice({ accounts, accountId }: Pick<Session, 'accounts' | 'accountId'>) {
  const { mutate: chooseAccount, isPending } = useChooseAccount();
  const [picked, pick] = useState(accountId);
  // Another one may have been chosen elsewhere, as in the palette.
  useEffect(() => pick(accountId), [accountId]);
  return (
    <form
      className={`${styles.row} ${styles.choice}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (picked !== undefined && picked !== accountId && !isPending) chooseAccount(picked);
      }}
    >
      <label>
        {text.user.account}
        <select value={picked} onChange={(event) => pick(event.target.value)}>
          {accounts.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" disabled={picked === accountId || isPending}>
        {text.user.switch}
      </button>
    </form>
  );
}
