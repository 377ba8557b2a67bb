/** Lets a process take only what others leave of the processor. */
import { setPriority } from 'node:os';

/** As `nice` counts: 0 is the usual, 19 the last. */
const LOW_PRIORITY = 10;

export const takeLowPriority = (): void => setPriority(LOW_PRIORITY);
