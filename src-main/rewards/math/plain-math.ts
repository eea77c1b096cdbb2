/** Brings an answer, as people and models write it, to LaTeX that the algebra library reads: no layout, no units, plain numbers. */

/** Texts that are longer are not read. In UTF-16 units. */
export const longestMath = 1000;

const symbols: [RegExp, string][] = [
  [/[−–—]/g, '-'],
  [/[×·⋅∙]/g, '\\times '],
  [/÷/g, '\\div '],
  [/≤|<=/g, '\\le '],
  [/≥|>=/g, '\\ge '],
  [/≠|!=/g, '\\ne '],
  [/≈|\\approx(?![a-zA-Z])/g, '='],
  [/π/g, '\\pi '],
  [/∞/g, '\\infty '],
  [/∪/g, '\\cup '],
  [/∩/g, '\\cap '],
  [/∈/g, '\\in '],
  [/±/g, '\\pm '],
  [/√/g, '\\sqrt '],
  [/∅/g, '\\emptyset '],
  [/°/g, '^\\circ '],
  [/½/g, '\\frac{1}{2}'],
  [/¼/g, '\\frac{1}{4}'],
  [/¾/g, '\\frac{3}{4}'],
  [/²/g, '^{2}'],
  [/³/g, '^{3}'],
];

const layout: [RegExp, string][] = [
  [/\\(?:left|right|displaystyle|textstyle|[bB]igg?[lr]?)(?![a-zA-Z])\s*\.?/g, ''],
  [/(?<!\\)\\!/g, ''],
  [/(?<!\\)\\[,;: ]|\\q?quad(?![a-zA-Z])|~/g, ' '],
  [/\\[dtc]frac(?![a-zA-Z])/g, '\\frac'],
  [/\\(?:leq|leqslant)(?![a-zA-Z])/g, '\\le'],
  [/\\(?:geq|geqslant)(?![a-zA-Z])/g, '\\ge'],
  [/\\neq(?![a-zA-Z])/g, '\\ne'],
  [/\\cdot(?![a-zA-Z])/g, '\\times'],
  [/\\lbrace(?![a-zA-Z])/g, '\\{'],
  [/\\rbrace(?![a-zA-Z])/g, '\\}'],
  [/\\(?:emptyset|varnothing)(?![a-zA-Z])/g, '\\{\\}'],
  [/\\mathbb\s*(?:\{R\}|R)/g, '(-\\infty, \\infty)'],
  [/\\langle(?![a-zA-Z])/g, '('],
  [/\\rangle(?![a-zA-Z])/g, ')'],
  [/\\(begin|end)\s*\{[bB]matrix\}/g, '\\$1{pmatrix}'],
  [/\\\$|\\(?:pounds|euro)(?![a-zA-Z])|[$€£]/g, ''],
];

const degrees = /\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\degree(?![a-zA-Z])/g;

/** Words after a number that say what it counts. */
const unitWords =
  /^(?:(?:square|cubic|sq|cu)\s+)?(?:[kcmdµ]?m|[km]?g|lbs?|oz|[mk]?l|s|secs?|mins?|h|hrs?|km\/h|m\/s|mph|rad|deg|inch|feet|foot|ft|usd|eur|percent|units?|(?:second|minute|hour|day|week|month|year|dollar|cent|euro|met(?:er|re)|kilomet(?:er|re)|centimet(?:er|re)|millimet(?:er|re)|inche|mile|yard|gram|kilogram|pound|ounce|lit(?:er|re)|degree|radian|point|way|time|apple|person|student|square|cube)s?|people)(?:\s*(?:\^\s*\{?\s*[23]\s*\}?|\/\s*[a-z]+|per\s+[a-z]+))?$/i;

/**
 * @returns percent: whether a % sign stood behind the number; it is not in `text`
 */
export function plainMath(raw: string): { text: string; percent: boolean } {
  let text = raw
    .trim()
    .replace(/^(?:\*\*|\$)+|(?:\*\*|\$)+$/g, '')
    .replace(/^\\[[(]|\\[\])]$/g, '')
    .trim();
  text = text.replace(/\*\*/g, '^');
  for (const [pattern, plain] of [...symbols, ...layout]) text = text.replace(pattern, plain);
  // 60° answers 60, but the sine of 30° is not that of 30.
  if (!/(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])/.test(text)) text = text.replace(degrees, '');
  text = text.replace(/^\s*=|[.,;:]\s*$/g, '').trim();
  const percent = /(?:\\?%|\bpercent)\s*$/.test(text);
  if (percent) text = text.replace(/(?:\\?%|\bpercent)\s*$/, '');
  text = withoutUnits(text);
  text = unwrapText(text);
  // 1,234,567 and 1{,}234 are one number; 1,2 are two.
  text = text.replace(/(\d)\{,\}(?=\d{3})/g, '$1,');
  text = text.replace(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g, (digits) => digits.replaceAll(',', ''));
  text = text.replace(/(?<![\d.,])(\d+)\s+(\d+)\s*\/\s*(\d+)(?!\d)/g, '$1\\frac{$2}{$3}');
  text = plainFunctions(text);
  // x^12 is meant as x^{12}.
  text = text.replace(/\^\s*(-?\d{2,}|-\d)/g, '^{$1}');
  return { text: text.replace(/\s+/g, ' ').trim(), percent };
}

/** Takes off `\text{ cm}`, `\mathrm{kg}` and unit words behind a number. */
function withoutUnits(text: string): string {
  const formatted =
    /^(.*(?:[\d})\]]|\\pi))\s*\\(?:text|mathrm|textrm|mbox|mathbf|operatorname)\s*\{([^{}]*)\}\s*(?:\^\s*\{?\s*[23]\s*\}?)?$/.exec(
      text,
    );
  if (formatted !== null && !/^\s*(?:and|or)\s*$/.test(formatted[2])) return withoutUnits(formatted[1].trim());
  const plain = /^(.*[\d})\]])\s*([a-zA-Zµ][a-zA-Zµ/ ^{}\d]*)$/.exec(text);
  if (plain !== null && /\s[a-z]|[a-z]{2}/i.test(text.slice(plain[1].length)) && unitWords.test(plain[2].trim()))
    return plain[1].trim();
  return text;
}

/** `\text{yes}`, `\textbf{(A)}` and `\mathrm{x}` are what is in them; `(A)` is A. */
function unwrapText(text: string): string {
  const inside = text
    .replace(/\\(?:text|textbf|textit|mathrm|mathbf|textrm|mbox|boldsymbol)\s*\{([^{}]*)\}/g, ' $1 ')
    .trim();
  return /^\(\s*[A-Za-z]\s*\)$/.test(inside) ? inside.slice(1, -1).trim() : inside;
}

/** sqrt(2), pi and sin(x) as people type them. */
function plainFunctions(text: string): string {
  return text
    .replace(/(?<![\\a-zA-Z])sqrt\s*\(([^()]*)\)/g, '\\sqrt{$1}')
    .replace(/\\sqrt\s*\(([^()]*)\)/g, '\\sqrt{$1}')
    .replace(/\\sqrt\s*(\d+)/g, '\\sqrt{$1}')
    .replace(/(?<![\\a-zA-Z])(pi|sin|cos|tan|ln|log|exp)(?![a-zA-Z])/g, '\\$1 ')
    .replace(/(?<![\\a-zA-Z])(?:infinity|inf|oo)(?![a-zA-Z])/g, '\\infty ');
}
