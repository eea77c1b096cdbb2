/** Hand-checked cases of the rules that hold an answer against the dataset. */
import { casesOf, type Rule } from './rule-case.ts';

const answer = (right: unknown) => ({ answer: right });

const last: Rule = { type: 'answer_match', compare: 'numeric', extract: { type: 'last_number' } };

export const answerCases = [
  ...casesOf({ type: 'answer_match' }, [
    ['Paris', answer('Paris'), 1, 'Paris', 'extracted "Paris", expected "Paris": equal'],
    [' Paris\n', answer('Paris '), 1],
    ['paris', answer('Paris'), 0, 'paris', 'extracted "paris", expected "Paris": not equal'],
    ['', answer(''), 1, ''],
    ['42', answer(42), 1],
    ['true', answer(true), 1],
    ['42', {}, null, undefined, 'not applicable: the row has no column "answer"'],
    ['42', answer(null), null, undefined, 'not applicable: column "answer" holds null'],
    ['42', answer({ a: 1 }), null, undefined, 'not applicable: column "answer" holds an object'],
  ]),
  ...casesOf({ type: 'answer_match', extract: { type: 'tag', tag: 'answer' } }, [
    ['<answer>1</answer> no: <answer>2</answer>', answer('2'), 1, '2'],
    ['<answer>1</answer> or <answer>2', answer('1'), 1, '1'],
    ['the answer is 2', answer('2'), 0, undefined, 'no <answer> tag in the completion'],
  ]),
  ...casesOf({ type: 'answer_match', normalise: ['lower_case', 'punctuation', 'collapse_spaces'] }, [
    ['New  York.', answer('new york'), 1],
    ['NEW\nYORK!?', answer('New York'), 1],
    ['Newyork', answer('New York'), 0],
  ]),
  ...casesOf(
    { type: 'answer_match', extract: { type: 'boxed' }, normalise: ['latex', 'latex_fractions', 'remove_spaces'] },
    [
      ['so \\boxed{\\frac{1}{2}}', answer('1/2'), 1, '\\frac{1}{2}'],
      ['so \\boxed{\\dfrac12}', answer('\\frac{1}{2}'), 1],
      ['$\\boxed{ \\left( 1, 2 \\right) }$', answer('(1,2)'), 1],
      ['\\boxed{x = \\text{ five }}', answer('x=five'), 1],
      ['\\boxed{\\frac{a+b}{2}}', answer('(a+b)/2'), 1],
      ['no box: 1/2', answer('1/2'), 0, undefined, 'no \\boxed{…} in the completion'],
    ],
  ),
  ...casesOf(last, [
    ['So it is $1,234.50', answer('1234.5'), 1, '1,234.50', 'extracted 1234.5, expected 1234.5: equal'],
    ['I say 41', answer(42), 0, '41', 'extracted 41, expected 42: not equal'],
    ['12 + 30 = 42.', answer('42'), 1, '42'],
    ['it falls to -18', answer(-18), 1, '-18'],
    ['between 12-30', answer(30), 1, '30'],
    ['half, .5', answer('0.50'), 1, '.5'],
    ['1e3', answer(1000), 1],
    ['none', answer(1), 0, undefined, 'no number in the completion'],
    ['42', answer('many'), null, undefined, 'not applicable: "many" in column "answer" is not a number'],
  ]),
  ...casesOf({ ...last, extract_expected: { type: 'after' } }, [
    ['The answer is 1,042', answer('6 * 7 = 41\n#### 1,042'), 1, '1,042'],
    ['#### 42', answer('no mark 42'), null, undefined, 'not applicable: no #### in column "answer"'],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', tolerance: 0.01 }, [
    ['1.01', answer(1), 1, '1.01', 'equal within 0.01'],
    ['0.99', answer(1), 1],
    ['1.011', answer(1), 0, '1.011', 'not equal within 0.01'],
    ['1/2', answer('0.5'), 1],
    ['-3/4', answer(-0.75), 1],
    ['about 1', answer(1), 0, 'about 1', 'extracted "about 1", which is not a number; expected 1'],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', relative_tolerance: 0.02 }, [
    ['102', answer(100), 1],
    ['97.9', answer(100), 0],
    ['-98', answer(-100), 1],
    ['0', answer(0), 1],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', unit: 'km' }, [
    ['3.5 km', answer('3.5'), 1, '3.5 km', 'extracted 3.5 km, expected 3.5 km: equal'],
    ['3500 m', answer('3.5 km'), 1],
    ['3.5', answer('3.5 km'), 1],
    ['2 miles', answer('3.218688'), 1],
    ['350000cm', answer(3.5), 1],
    ['3.5 kilometers.', answer(3.5), 1],
    ['3.5 kg', answer(3.5), 0, '3.5 kg', 'which is not in km'],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', unit: '%', unit_required: true }, [
    ['50%', answer(50), 1],
    ['50 percent', answer('50%'), 1],
    ['50\\%', answer(50), 1],
    ['50', answer(50), 0, '50', 'has no unit, where % is asked for'],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', unit: 'apples' }, [
    ['7 apples', answer(7), 1],
    ['1 apple', answer('1'), 1],
    ['7 pears', answer(7), 0],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', unit: 'm/s' }, [
    ['36 km/h', answer(10), 1],
    ['36 kilometers per hour', answer(10), 1],
    ['10 mph', answer(4.4704), 1],
    ['10 m/s^2', answer(10), 0, '10 m/s^2', 'is not in m/s'],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', unit: 'cm^2' }, [
    ['5 cm²', answer(5), 1],
    ['0.05 m^2', answer(500), 1],
    ['5 cm', answer(5), 0],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', unit: 'ml' }, [
    ['1.5 litres', answer(1500), 1],
    ['2 lbs', answer(2), 0],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'numeric', unit: 's' }, [
    ['2 days', answer(172_800), 1],
    ['1 week', answer(604_800), 1],
    ['1.5 hours', answer(5400), 1],
    ['90 min', answer('1.5 h'), 1],
    ['250 ms', answer(0.25), 1],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'one_of', normalise: ['lower_case'] }, [
    [
      'USA',
      answer(['usa', 'United States']),
      1,
      'USA',
      'extracted "usa", expected one of "usa | united states": one of them',
    ],
    ['united states', answer('["USA", "United States"]'), 1],
    ['America', answer('USA, United States'), 0, 'America', 'none of them'],
    ['4', answer([4, 5]), 1],
    ['4', answer([]), null, undefined, 'not applicable: the list in column "answer" is empty'],
    ['4', answer([[4]]), null],
  ]),
  ...casesOf({ type: 'answer_match', compare: 'set', extract: { type: 'after', marker: 'Answer:' } }, [
    ['Answer: 2, 3', answer('3,2'), 1, ' 2, 3', 'the same set'],
    ['Answer: 2, 3, 2', answer([2, 3]), 1],
    ['Answer: 2', answer([2, 3]), 0, ' 2', 'without "3"'],
    ['Answer: 2, 3, 5', answer('[2, 3]'), 0, ' 2, 3, 5', 'with "5" too many'],
    ['Answer: ["b","a"]', answer('a,b'), 1],
  ]),
  ...casesOf({ type: 'column_compare', operator: '<', extract: { type: 'last_number' } }, [
    ['it is 3', answer(4), 1, '3', '3 < 4 is true'],
    ['it is 4', answer(4), 0, '4', '4 < 4 is false'],
    ['it is 4', answer('four'), null],
    ['four', answer(4), 0, undefined, 'no number in the completion'],
  ]),
  ...casesOf({ type: 'column_compare', operator: '>=', column: 'least' }, [
    ['1,000', { least: '999.5' }, 1],
    ['998', { least: '999.5' }, 0],
    ['a lot', { least: 1 }, 0, 'a lot', 'extracted "a lot", which is not a number'],
  ]),
  ...casesOf({ type: 'column_compare', operator: '!=' }, [
    ['b', answer('a'), 1, 'b', '"b" != "a" is true'],
    ['a', answer('a'), 0],
  ]),
  ...casesOf({ type: 'column_compare', as: 'number' }, [
    ['4.0', answer('4'), 1],
    ['4.1', answer('4'), 0],
  ]),
  ...casesOf({ type: 'column_compare', operator: 'in' }, [
    ['b', answer(['a', 'b']), 1, 'b', '"b" in ["a", "b"] is true'],
    ['c', answer(['a', 'b']), 0],
    ['ell', answer('hello'), 1],
  ]),
  ...casesOf({ type: 'column_compare', operator: 'not_in' }, [
    ['c', answer(['a', 'b']), 1],
    ['a', answer(['a', 'b']), 0],
  ]),
  ...casesOf({ type: 'column_compare', operator: 'starts_with' }, [
    ['Dear Ann,', answer('Dear'), 1],
    ['Hi Ann,', answer('Dear'), 0],
  ]),
  ...casesOf({ type: 'column_compare', operator: 'ends_with' }, [['the end', answer('end'), 1]]),
  ...casesOf({ type: 'column_compare', operator: 'contains' }, [['the middle of it', answer('middle'), 1]]),
  ...casesOf({ type: 'similarity' }, [
    ['kitten', answer('sitting'), 1 - 3 / 7, 'kitten', '3 edits between 6 and 7 characters: 0.571429'],
    ['same', answer('same'), 1],
    ['', answer(''), 1],
    ['abc', answer('xyz'), 0],
    ['abc', {}, null],
  ]),
  ...casesOf({ type: 'similarity', measure: 'rouge_l' }, [
    ['police kill the gunman', answer('police killed the gunman'), 0.75],
    ['the gunman kill police', answer('police killed the gunman'), 0.5],
    ['The cat!', answer('the, cat'), 1],
    [
      'the cat',
      answer('the cat sat on the mat'),
      0.5,
      'the cat',
      '2 words in common, in order, of 2 and 6: ROUGE-L 0.5',
    ],
    ['dog', answer('cat'), 0],
    ['', answer('cat'), 0],
  ]),
];
