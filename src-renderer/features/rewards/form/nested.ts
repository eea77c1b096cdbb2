/** What settings are given; those made of other settings get the component for these, too. */
import type { Component } from 'svelte';
import type { RuleProblem } from '../../../../src-main/contract/rewards.ts';
import type { Schema } from '../../../lib/rule-schema.ts';

export interface SettingProps {
  schema: Schema;
  name: string;
  /** Within the rule: `extract.tag`. */
  path: string;
  value: unknown;
  /** Of the whole rule. */
  problems: readonly RuleProblem[];
  isRequired?: boolean;
  /** undefined: the setting is left out. */
  onchange: (value: unknown) => void;
  /** Shows one setting. */
  Setting: Component<SettingProps>;
}

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
  Setting: Component<SettingProps>;
  /** undefined: the setting is left out. */
  onchange: (value: unknown) => void;
}
