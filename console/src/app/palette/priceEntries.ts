/** An admin's way to a new price of any model: `new price gpt`. */
import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { modelsQuery } from '../../api/models';
import { text } from '../../text';
import { fits, partsOf, type Entry } from './entry';

const words = text.operations.models;
const FOUND_MAX = 8;

/** Those that fit what is typed; none before anything is. */
export function usePriceEntries(query: string, isAdmin: boolean): Entry[] {
  const [, navigate] = useLocation();
  const isAsked = isAdmin && partsOf(query).length > 0;
  const models = useQuery({ ...modelsQuery, enabled: isAsked }).data?.data ?? [];
  if (!isAsked) return [];
  return models
    .map(({ id }): Entry => {
      const href = `/models?window=price&model=${encodeURIComponent(id)}`;
      return { id: href, label: words.addTitle(id), run: () => navigate(href) };
    })
    .filter(fits(query))
    .slice(0, FOUND_MAX);
}
