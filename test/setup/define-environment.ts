/** Runs in each of vitest's workers before the tests: these, and what they start, see nothing of the caller's environment. */
import { definedEnvironment, UMASK } from './environment.js';

/** What vitest itself and this set-up read. */
const RUNNERS = /^(VITEST.*|NODE_ENV|TEST|MODE|DEV|PROD|SSR|BASE_URL|CI|TEST_NODE|TEST_COMMANDS|TEST_PART)$/;

const defined = definedEnvironment();
for (const name of Object.keys(process.env)) if (!(name in defined) && !RUNNERS.test(name)) delete process.env[name];
Object.assign(process.env, defined);
process.umask(UMASK);
