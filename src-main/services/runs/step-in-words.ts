/** An explanation as a page shows it: every run type in the same form. */
import type { StepInWords } from '../../contract/api/runs.ts';
import type { RunExplanation, StepExplanation } from '../explain/types.ts';

export function stepInWords({ step, warnings, warningsNote }: RunExplanation): StepInWords {
  return {
    step: step.step,
    terms: step.type === 'grpo' ? step.loss.terms : [],
    sections: sections(step),
    warnings: warnings.map(({ title, evidence, advice, steps }) => ({ title, evidence, advice, steps })),
    warningsNote,
  };
}

function sections(step: StepExplanation): StepInWords['sections'] {
  if (step.type !== 'grpo') return [{ title: 'Loss', sentences: step.sentences }];
  const { loss, ratio, advantages, groups } = step;
  return [
    { title: 'Loss', sentences: loss.sentences },
    { title: 'Ratio', sentences: ratio.sentences },
    { title: 'Advantages', sentences: advantages.sentences },
    { title: 'Groups', sentences: groups.sentences },
  ];
}
