/** All activities, made from what they work with. */
import { createAccountActivities } from './account';
import { createChargingActivities } from './charging';
import type { Dependencies } from './dependencies';

export const createActivities = (deps: Dependencies) => ({ ...createAccountActivities(deps), ...createChargingActivities(deps) });
export type Activities = ReturnType<typeof createActivities>;
