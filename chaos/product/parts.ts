/** The processes of a campaign, by name. */

export const PROGRAMS = ['api 1', 'api 2', 'worker 1', 'worker 2', 'batch worker'] as const;
export type Program = (typeof PROGRAMS)[number];
/** What the campaign starts itself, whatever it stands on. */
export type OwnProcess = 'stripe' | Program;
export type Server = 'Postgres' | 'Temporal' | 'stripe';
export type ProcessName = Server | Program;

export const SERVERS: readonly Server[] = ['Postgres', 'Temporal', 'stripe'];
/** What a process is one of: `worker` of `worker 2`. */
export const kindOf = (name: string): string => name.replace(/ \d+$/, '');
/** Below dist/. */
export const SCRIPTS: Record<Program, string> = {
  'api 1': 'api/main.js',
  'api 2': 'api/main.js',
  'worker 1': 'workers/main.js',
  'worker 2': 'workers/main.js',
  'batch worker': 'workers/batchesMain.js',
};
export const isApi = (program: Program): boolean => program.startsWith('api');
/** When it was, by `performance.now()`; not met: the process had ended already, and was being started again. */
export type Kill = { atMs: number; isMet: boolean };
