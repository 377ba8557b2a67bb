import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { begin } from './app/begin';
import { createQueries } from './app/queries';
import './styles/tokens.css';
import './styles/base.css';

const queries = createQueries();
begin(queries);
createRoot(document.getElementById('root')!).render(<App queries={queries} />);
