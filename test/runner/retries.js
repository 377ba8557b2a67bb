/**
 * In CI a browser test that fails runs once more: beside a dozen servers on two cores a page may take longer than any wait.
 * It is reported all the same (see .ci/run), so that what fails now and then is looked into. Nothing else is ever run twice.
 */
const isBrowserTest = /[\\/]test[\\/]browser[\\/]/.test(expect.getState().testPath);
if (process.env.RETRY_BROWSER_TESTS && isBrowserTest) jest.retryTimes(1, { logErrorsBeforeRetry: true });
