/** All activities, made from what they work with. */
import { createAccountActivities } from './account';
import { createChargingActivities } from './charging';
import type { Dependencies } from './dependencies';
import { createLimitActivities } from './limits';
import { createReconcilingActivities } from './reconciling';
import { createReportingActivities } from './reporting';
import { createSettingsActivities } from './settings';

export const createActivities = (deps: Dependencies) => ({
  ...createAccountActivities(deps),
  ...createChargingActivities(deps),
  ...createLimitActivities(deps),
  ...createReconcilingActivities(deps),
  ...createReportingActivities(deps),
  ...createSettingsActivities(deps),
});
export type Activities = ReturnType<typeof createActivities>;
