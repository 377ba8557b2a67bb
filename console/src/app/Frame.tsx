/** What surrounds every page: the navigation of one's role, who one is, whether the page moves by itself. */
import { Menu, SearchX, WifiOff } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { isUnheard, whyNotDone } from '../api/problem';
import { Boundary } from '../components/Boundary';
import { Button, ButtonLink } from '../components/Button';
import { PageCard, PageHead } from '../components/Card';
import { Notice } from '../components/Notice';
import { Empty, Forbidden, Loading } from '../components/States';
import { useLive, useLiveState } from '../live/live';
import { useSession, type Role } from '../session/session';
import { useLeavingProblem } from '../session/signing';
import { text } from '../text';
import styles from './Frame.module.css';
import { pageAt, pages, pagesOf, type PageName } from './pages';
import { PaletteKey } from './palette/PaletteKey';
import { UserMenu } from './UserMenu';

/** Leads on to the first page of one's role. */
const START = '/';

export function Frame() {
  const session = useSession();
  const [location] = useLocation();
  const [isOpen, setOpen] = useState(false);
  useLive(session.accountId);
  useEffect(() => setOpen(false), [location]);
  useTitle(location);
  useFocusOnPage(location);
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#page">
        {text.app.skip}
      </a>
      <header className={styles.side}>
        <div className={styles.top}>
          <Link href="/" className={styles.brand}>
            <img src="/icon.svg" alt="" width="24" height="24" />
            {text.app.name}
          </Link>
          <button
            type="button"
            className={styles.menu}
            aria-expanded={isOpen}
            aria-controls="sections"
            aria-label={text.app.more}
            onClick={() => setOpen(!isOpen)}
          >
            <Menu size={20} aria-hidden="true" />
          </button>
        </div>
        <div id="sections" className={styles.sections} data-open={isOpen}>
          <PaletteKey />
          <Navigation role={session.role} location={location} />
          <UserMenu />
        </div>
      </header>
      <main id="page" className={`${styles.main} in-order`} tabIndex={-1}>
        <Lost />
        <StillHere />
        <Boundary
          key={`${session.accountId} ${location}`}
          show={(broken) => (
            <>
              <PageHead title={titleOf(location) ?? text.app.name} />
              <PageCard>{broken}</PageCard>
            </>
          )}
        >
          <Pages role={session.role} />
        </Boundary>
      </main>
    </div>
  );
}

function Navigation({ role, location }: { role: Role; location: string }) {
  return (
    <nav aria-label={text.app.sections}>
      <ul>
        {pagesOf(role).map(
          ({ name, path, icon: Icon, begin }) =>
            Icon && (
              <li key={name}>
                <Link
                  href={path}
                  className={styles.link}
                  onPointerEnter={begin}
                  onFocus={begin}
                  aria-current={location === path || location.startsWith(`${path}/`) ? 'page' : undefined}
                >
                  <Icon size={17} aria-hidden="true" />
                  {text.pages[name]}
                </Link>
              </li>
            ),
        )}
      </ul>
    </nav>
  );
}

function Pages({ role }: { role: Role }) {
  const start = pagesOf(role)[0];
  return (
    <Switch>
      <Route path={START}>{start ? <Redirect to={start.path} replace /> : <p>{text.user.service}</p>}</Route>
      {pages.map(({ name, path, roles, View }) => (
        <Route key={path} path={path}>
          {roles.includes(role) ? <View placeholder={<Coming name={name} />} /> : <NotForRole name={name} />}
        </Route>
      ))}
      <Route>
        <PageHead title={text.app.name} />
        <PageCard>
          <Empty
            icon={SearchX}
            title={text.states.notFound}
            action={<ButtonLink href="/">{text.states.toStart}</ButtonLink>}
          >
            {text.states.notFoundWhy}
          </Empty>
        </PageCard>
      </Route>
    </Switch>
  );
}

const Coming = ({ name }: { name: PageName }) => (
  <>
    <PageHead title={text.pages[name]} />
    <PageCard>
      <Loading lines={6} />
    </PageCard>
  </>
);

const NotForRole = ({ name }: { name: PageName }) => (
  <>
    <PageHead title={text.pages[name]} />
    <PageCard>
      <Forbidden />
    </PageCard>
  </>
);

/** Says when figures may be old. */
function Lost() {
  const state = useLiveState();
  if (state !== 'lost') return null;
  return (
    <p className={styles.lost} role="status">
      <WifiOff size={16} aria-hidden="true" />
      {text.live.lost}
    </p>
  );
}

/** Why who wanted to sign out, or to change accounts, is still here. */
function StillHere() {
  const problem = useLeavingProblem();
  if (problem === null) return null;
  const { act, error, dismiss } = problem;
  return (
    <Notice tone="bad" action={<Button onClick={dismiss}>{text.dialog.dismiss}</Button>}>
      {isUnheard(error) ? whyNotDone(error) : `${text.user.failed[act]} ${error.message}`}
    </Notice>
  );
}

function titleOf(location: string): string | undefined {
  const page = pageAt(location);
  return page && text.pages[page.name];
}

function useTitle(location: string): void {
  useEffect(() => {
    const title = titleOf(location);
    document.title = title === undefined ? text.app.name : `${title} · ${text.app.name}`;
  }, [location]);
}

/** Whoever goes on by keyboard or hears the page begins with the new one, and not with the link that led there. */
function useFocusOnPage(location: string): void {
  const before = useRef(location);
  useEffect(() => {
    const isFirst = before.current === location || before.current === START;
    before.current = location;
    const page = document.getElementById('page')!;
    // The focus of a window is its own, and a page may have put it somewhere already.
    if (isFirst || document.querySelector('dialog[open]') || page.contains(document.activeElement)) return;
    page.focus({ preventScroll: true });
  }, [location]);
}
