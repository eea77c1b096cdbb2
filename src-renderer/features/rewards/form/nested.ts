/** What a setting made of several controls is given. */
import type { RuleProblem } from '../../../../src-main/contract/rewards.ts';
import type { Schema } from '../rule-schema.ts';

export interface NestedProps {
  schema: Schema;
  name: string;
  /** Within the rule: `extract.steps.0`. */
  path: string;
  /** With the default where it is left out. */
  value: unknown;
  problems: readonly RuleProblem[];
  label: string;
  help: string;
  error: string | null;
  /** undefined: the setting is left out. */
  onchange: (value: unknown) => void;
}
