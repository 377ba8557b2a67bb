/** For tests that steer the simulator: with another server that speaks Stripe's API they are left out (docs/payments.md). */
export const testWithSwitches: jest.It = process.env.STRIPE_API_BASE ? test.skip : test;
