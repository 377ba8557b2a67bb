import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { begin } from './app/begin';
import { createQueries } from './app/queries';
import { isToldPart } from './parts/missingPart';
import './styles/tokens.css';
import './styles/base.css';

const queries = createQueries();
begin(queries);
createRoot(document.getElementById('root')!, {
  // What is gone after an update is told on the page, and is no fault of the console's.
  onCaughtError: (error) => {
    if (!isToldPart(error)) reportError(error);
  },
}).render(<App queries={queries} />);
