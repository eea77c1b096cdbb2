/** What is made equal in an extracted text before it is compared. */
import { z } from 'zod';

/** The steps in the order in which they are applied, whatever the order of the list in a rule. */
export const normalisationSteps = {
  latex:
    'removes $…$, \\(…\\), \\[…\\], \\left, \\right and LaTeX spaces, and unwraps \\text{…}, \\mathrm{…} and their like',
  latex_fractions: 'writes \\frac{a}{b}, \\dfrac, \\tfrac and \\frac12 as a/b',
  punctuation: 'drops . , ; : ! and ? at the end',
  percent: 'drops a percent sign, or the word percent, at the end',
  digit_separators: 'writes 1,234 and 1 234 and 1_234 as 1234',
  unit: 'drops a word or a unit after a number: 5 cm is 5',
  lower_case: 'makes all letters lower case',
  remove_spaces: 'removes all white space',
  collapse_spaces: 'makes one space of each run of white space',
  trim: 'removes white space at both ends',
} as const;

type NormalisationStep = keyof typeof normalisationSteps;

export const normalisationSchema = z
  .array(
    z
      .enum(Object.keys(normalisationSteps) as [NormalisationStep, ...NormalisationStep[]])
      .meta({ enumDescriptions: Object.values(normalisationSteps) }),
  )
  .describe('steps that make texts equal before they are compared');

export type Normalisation = z.infer<typeof normalisationSchema>;
