import { models } from '../../../e2e/golden/suites/models.ts';
import { testGolden } from '../../../e2e/golden/test-suite.ts';
import { describeOnEveryBackend } from '../fixtures/backends.ts';

describeOnEveryBackend('the decoder equals transformers', () => testGolden(models));
