/** Hand-checked cases of mathematical equivalence, from the completion to the score. */
import { casesOf } from './rule-case.ts';

const answer = (right: unknown) => ({ answer: right });

export const mathCases = [
  ...casesOf({ type: 'math' }, [
    ['So $\\boxed{\\frac{1}{2}}$.', answer('0.5'), 1, '\\frac{1}{2}'],
    ['So \\boxed{0.5}.', answer('\\dfrac12'), 1, '0.5'],
    ['So \\boxed{0.51}.', answer('\\dfrac12'), 0, '0.51'],
    ['First \\boxed{1}, no: \\boxed{2}', answer(2), 1, '2'],
    ['\\boxed{2\\sqrt{2}}', answer('$\\sqrt{8}$'), 1],
    ['\\boxed{(x+1)^2}', answer('x^2+2x+1'), 1],
    ['\\boxed{(x+1)^2}', answer('x^2+1'), 0],
    ['\\boxed{x = 5}', answer('5'), 1],
    ['\\boxed{1,234}', answer('1234'), 1],
    ['\\boxed{3\\text{ cm}}', answer('3'), 1],
    ['\\boxed{50\\%}', answer('\\frac12'), 1],
    ['\\boxed{\\{1, 2\\}}', answer('2, 1'), 1],
    ['\\boxed{(1, 2)}', answer('(2, 1)'), 0],
    ['\\boxed{[0, 1)}', answer('[0,1]'), 0],
    ['\\boxed{x < 3}', answer('3 > x'), 1],
    ['\\boxed{-7}', answer('−7'), 1],
    ['\\boxed{\\text{(B)}}', answer('B'), 1],
    ['The answer is 7.', answer(7), 1, '7'],
    ['The answer is $7x$, as 3 and 4 make 7.', answer('7x'), 1, '7x'],
    ['We get $3$ and then $4$', answer(4), 1, '4'],
    ['It costs 18 dollars', answer('Some text\n#### 18'), 1, '18'],
    ['\\boxed{4}', answer('Because of this, \\boxed{4}'), 1],
    ['I do not know', answer(4), 0, undefined, 'no answer in the completion'],
    ['\\boxed{4}', {}, null, undefined, 'the row has no answer'],
    ['\\boxed{4}', answer(['4']), null, undefined, "the row's answer is a list"],
  ]),
  ...casesOf({ type: 'math', extract: { type: 'boxed' } }, [
    ['The answer is 7.', answer(7), 0, undefined, 'no \\boxed{…} in the completion'],
    ['\\boxed{7}', answer(7), 1, '7'],
    ['\\fbox{\\frac{14}{2}}', answer(7), 1, '\\frac{14}{2}'],
  ]),
  ...casesOf({ type: 'math', tolerance: 0.01 }, [
    ['\\boxed{3.14}', answer('\\pi'), 1],
    ['\\boxed{3.2}', answer('\\pi'), 0],
  ]),
  ...casesOf({ type: 'math', column: 'solution', extract_expected: { type: 'last_number' } }, [
    ['\\boxed{12}', { solution: '3 times 4 is 12.' }, 1],
  ]),
];
