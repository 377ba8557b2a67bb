/** Which letter a notice is. */
import type { Notice } from '../../domain/notice';
import { invitation, lowBalance, resumed, signInLink, suspended } from './access';
import {
  disabledAfterFailures,
  disabledByOwner,
  firstFailedAttempt,
  guardReached,
  reloadSucceeded,
} from './autoReload';
import { batchEnded } from './batches';
import type { Letter } from './letter';
import { limitRequestDecided, limitRequestWaiting } from './limits';
import { confirmationNeeded, dispute, paymentMethodsLost, refund } from './payments';

export function letterOf(notice: Notice): Letter {
  switch (notice.kind) {
    case 'low_balance':
      return lowBalance(notice);
    case 'suspended':
      return suspended(notice);
    case 'resumed':
      return resumed(notice);
    case 'reload_succeeded':
      return reloadSucceeded(notice);
    case 'first_failed_attempt':
      return firstFailedAttempt(notice);
    case 'disabled_after_failures':
      return disabledAfterFailures(notice);
    case 'disabled_by_owner':
      return disabledByOwner(notice);
    case 'confirmation_needed':
      return confirmationNeeded(notice);
    case 'guard_reached':
      return guardReached(notice);
    case 'payment_methods_lost':
      return paymentMethodsLost(notice);
    case 'refund':
      return refund(notice);
    case 'dispute':
      return dispute(notice);
    case 'invitation':
      return invitation(notice);
    case 'sign_in_link':
      return signInLink(notice);
    case 'batch_ended':
      return batchEnded(notice);
    case 'limit_request_decided':
      return limitRequestDecided(notice);
    case 'limit_request_waiting':
      return limitRequestWaiting(notice);
  }
}
