/** A name without spaces, such as of a file: where it does not fit in a line, it goes on after `_`, `-` or `.`, as a person would break it. */
import { Fragment } from 'react';

/** An ending, such as `.jsonl`, stays with its name. */
const BREAKS = /(?<=[_-])(?=[^_-])|(?<=\.)(?=[^.]+\.)/;

export const Breakable = ({ children }: { children: string }) =>
  children.split(BREAKS).map((part, at) => (
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
