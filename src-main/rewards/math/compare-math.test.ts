/** A table of answers that mean the same and answers that do not, all checked by hand. */
import { ComputeEngine } from '@cortex-js/compute-engine';
import { describe, expect, test } from 'vitest';
import { MathComparer } from './compare-math.ts';

const comparer = new MathComparer(new ComputeEngine());

const equal: [string, string][] = [
  ['42', '42'],
  ['42.0', '42'],
  ['+42', '42'],
  ['-0.5', '-\\frac{1}{2}'],
  ['\\frac{1}{2}', '0.5'],
  ['\\dfrac{1}{2}', '1/2'],
  ['\\frac12', '\\tfrac{2}{4}'],
  ['½', '0.5'],
  ['1,234,567', '1234567'],
  ['1{,}234', '1234'],
  ['$1,000$', '1000'],
  ['\\$18', '18'],
  ['18 dollars', '18'],
  ['18\\text{ cm}', '18'],
  ['18\\ \\mathrm{cm}^2', '18'],
  ['5 km/h', '5'],
  ['90^\\circ', '90'],
  ['90°', '90'],
  ['50\\%', '0.5'],
  ['50%', '50'],
  ['50 percent', '50\\%'],
  ['42.', '42'],
  ['x = 5', '5'],
  ['5', 'x=5'],
  ['x=2+3=5', '5'],
  ['2+3', '5'],
  ['2^{10}', '1024'],
  ['2^10', '1024'],
  ['2**10', '1024'],
  ['\\sqrt{8}', '2\\sqrt{2}'],
  ['sqrt(8)', '2\\sqrt2'],
  ['\\frac{1}{\\sqrt{2}}', '\\frac{\\sqrt{2}}{2}'],
  ['\\sin(\\pi/6)', '\\frac{1}{2}'],
  ['\\log_2 8', '3'],
  ['\\ln(e^2)', '2'],
  ['3\\pi', '\\pi \\cdot 3'],
  ['3.14159265', '\\pi'],
  ['0.333333333', '\\frac13'],
  ['0.\\overline{3}', '\\frac{1}{3}'],
  ['2\\frac{1}{3}', '\\frac{7}{3}'],
  ['1\\times10^{-3}', '0.001'],
  ['1.5 \\times 10^3', '1500'],
  ['6!', '720'],
  ['\\binom{5}{2}', '10'],
  ['|{-3}|', '3'],
  ['3+4i', '4i+3'],
  ['e^{i\\pi}', '-1'],
  ['(x+1)^2', 'x^2+2x+1'],
  ['\\frac{x^2-1}{x-1}', 'x+1'],
  ['ab', 'ba'],
  ['\\sin^2 x + \\cos^2 x', '1'],
  ['2(x+y)', '2x+2y'],
  ['1, 2', '2, 1'],
  ['\\{1,2,3\\}', '\\{3,2,1\\}'],
  ['\\left\\{1, \\frac12\\right\\}', '\\{0.5, 1\\}'],
  ['1 and 2', '1,2'],
  ['x=1 or x=2', '\\{1,2\\}'],
  ['\\pm 2', '2, -2'],
  ['1 \\pm \\sqrt{2}', '1-\\sqrt2, 1+\\sqrt2'],
  ['(1, 2)', '(1,2)'],
  ['(\\frac12, 3)', '(0.5,3)'],
  ['[0,1)', '[0, 1.0)'],
  ['(-\\infty, 2) \\cup (3, \\infty)', '(-\\infty,2)\\cup(3,\\infty)'],
  ['x \\in [1,2]', '[1,2]'],
  ['x<3', '3>x'],
  ['x \\le 3', 'x \\leq 3'],
  ['y = 2x+1', 'y - 2x = 1'],
  ['y = 2x+1', '2x + 1 = y'],
  ['\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}', '\\begin{pmatrix}1&2\\\\3&\\frac{8}{2}\\end{pmatrix}'],
  ['\\text{A}', 'A'],
  ['(B)', '\\text{(B)}'],
  ['\\text{yes}', 'Yes'],
  ['−7', '-7'],
];

const different: [string, string][] = [
  ['42', '43'],
  ['1000000', '1000001'],
  ['\\frac{1}{2}', '\\frac{1}{3}'],
  ['3.14', '\\pi'],
  ['0.33', '\\frac13'],
  ['-5', '5'],
  ['x=5', 'x=6'],
  ['1,2', '1,2,3'],
  ['1,1', '1,2'],
  ['(1,2)', '(2,1)'],
  ['[0,1)', '[0,1]'],
  ['[0,1]', '(0,1)'],
  ['x<3', 'x>3'],
  ['x<3', 'x\\le 3'],
  ['x^2+1', 'x^2+2'],
  ['(x+1)^2', 'x^2+1'],
  ['x', 'y'],
  ['A', 'B'],
  ['50\\%', '5'],
  ['5', '50\\%'],
  ['i', '1'],
  ['\\sqrt{2}', '1.414'],
  ['', '1'],
  ['banana split', '4'],
  ['2\\pi', '2'],
  ['\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}', '\\begin{pmatrix}1&2\\\\4&3\\end{pmatrix}'],
  ['\\infty', '-\\infty'],
  ['1/0', '5'],
  ['10^{10^{10}}', '1'],
  ['\\{', '3'],
  ['((((', '0'],
];

describe('comparing answers', () => {
  test.each(equal)('%s is %s', (answer, expected) => {
    expect(comparer.compare(answer, expected, 1e-6)).toMatchObject({ equal: true });
    expect(comparer.compare(expected, answer, 1e-6)).toMatchObject({ equal: true });
  });

  test.each(different)('%s is not %s', (answer, expected) => {
    const compare = () => {
      try {
        return comparer.compare(answer, expected, 1e-6).equal;
      } catch {
        return false;
      }
    };
    expect(compare()).toBe(false);
  });
});
