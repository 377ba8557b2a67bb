/** Every word on the screen, by page: what is to be said differently is changed here. */
import { autoReload } from './autoReload';
import { frame } from './frame';
import { overview } from './overview';
import { pay } from './pay';
import { payments } from './payments';

export const text = { ...frame, overview, pay, autoReload, payments } as const;
