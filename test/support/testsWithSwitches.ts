/**
 * For tests that steer the simulator: with another server that speaks Stripe's API they are left out (docs/payments.md).
 * @returns how the calling file declares them: jest's `test` is another one in each file
 */
export const testsWithSwitches = (): jest.It => (process.env.STRIPE_API_BASE ? test.skip : test);
