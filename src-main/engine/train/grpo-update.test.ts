import { grpoUpdates } from '../../../e2e/golden/suites/grpo-updates.ts';
import { testGolden } from '../../../e2e/golden/test-suite.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';

describeOnEveryBackend('updates on one batch equal TRL', () => testGolden(grpoUpdates));
