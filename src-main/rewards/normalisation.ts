/** Makes texts equal that mean the same, before they are compared. Every step is linear in the text. */
import { normalisationSteps, type Normalisation } from '../contract/reward-rules/normalisation.ts';

type Step = Normalisation[number];

const order = Object.keys(normalisationSteps) as Step[];

const steps: Record<Step, (text: string) => string> = {
  latex: withoutLatex,
  latex_fractions: withPlainFractions,
  punctuation: (text) => withoutEnd(text, /[.,;:!?]+$/),
  percent: (text) => withoutEnd(text, /(?:\\?%|percent)$/i),
  digit_separators: (text) => text.replace(/(\d)[,_ \u00a0\u202f](?=\d{3}(?!\d))/g, '$1'),
  unit: (text) => text.replace(/^(\s*[-+−]?[\d.,/]*\d)\s{0,3}[A-Za-zµ°²³/^]{1,30}\d?\s*$/, '$1'),
  lower_case: (text) => text.toLowerCase(),
  remove_spaces: (text) => text.replace(/\s+/g, ''),
  collapse_spaces: (text) => text.replace(/\s+/g, ' '),
  trim: (text) => text.trim(),
};

/** Applies the steps that are listed, in the order of `normalisationSteps`. */
export function normaliseText(text: string, normalisation: Normalisation): string {
  let result = text;
  for (const step of order) if (normalisation.includes(step)) result = steps[step](result);
  return result;
}

/** A text without white space at its end and what the expression finds there. */
function withoutEnd(text: string, end: RegExp): string {
  const trimmed = text.trimEnd();
  const tail = trimmed.slice(-20);
  return (trimmed.slice(0, trimmed.length - tail.length) + tail.replace(end, '')).trimEnd();
}

function withoutLatex(text: string): string {
  return text
    .replace(/\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mathsf|operatorname|mbox)\s?\{([^{}]*)\}/g, '$1')
    .replace(/\\(?:left|right)(?![A-Za-z])/g, '')
    .replace(/\\[,;:!> ]|\\(?:quad|qquad)(?![A-Za-z])|~/g, ' ')
    .replace(/\\[()[\]]/g, '')
    .replace(/\\\$/g, '')
    .replace(/\$/g, '');
}

/** Fractions whose parts hold no fraction are written plain, from the inside out, at most 5 deep. */
function withPlainFractions(text: string): string {
  let result = text;
  for (let depth = 0; depth < 5 && /\\[dtc]?frac/.test(result); depth++) {
    result = result
      .replace(/\\[dtc]?frac\s?(\d)\s?(\d)/g, '$1/$2')
      .replace(/\\[dtc]?frac\s?\{([^{}]*)\}\s?\{([^{}]*)\}/g, (_, above: string, below: string) => {
        return `${asOperand(above)}/${asOperand(below)}`;
      });
  }
  return result;
}

function asOperand(text: string): string {
  const bare = text.trim();
  return /^-?[\w.,\\]+$/.test(bare) ? bare : `(${bare})`;
}
