/** A sentence of the API's: its amounts are shown as amounts are everywhere, cents with every digit on hover. */
import { Fragment } from 'react';
import { amountsIn } from '../format/money';
import { Money } from './Money';

export const Said = ({ children }: { children: string }) =>
  amountsIn(children).map((part, place) => (
    <Fragment key={place}>{typeof part === 'string' ? part : <Money amount={part.amount} />}</Fragment>
  ));
