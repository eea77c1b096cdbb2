import { expect, test } from 'vitest';
import { compileTemplate } from './template-interpreter.ts';

const messages = [
  { role: 'system', content: 'a' },
  { role: 'user', content: ' é🤖\n' },
];

// Expected texts: transformers 5.18 with jinja2.
test.each([
  [
    "{{ true }} {{ none }} {{ 1.0 }} {{ [true, none, 'x', \"it's\", 1.5] }}",
    "True None 1.0 [True, None, 'x', \"it's\", 1.5]",
  ],
  [
    "{{ messages }} {{ messages[1] | string }} {{ messages[0].content ~ none ~ false }} {{ ['a', none, 1] | join('-') }}",
    "[{'role': 'system', 'content': 'a'}, {'role': 'user', 'content': ' é🤖\\n'}] {'role': 'user', 'content': ' é🤖\\n'} aNoneFalse a-None-1",
  ],
  [
    "{{ '\\u200d\\x07\\\\' }}{{ ['\\u200d\\x07\\\\', '\\n', '\"\\''] }}",
    "\u200d\u0007\\['\\u200d\\x07\\\\', '\\n', '\"\\'']",
  ],
  [
    "{{ '\\n  x \\n'.strip('\\n') }}|{{ '\\n\\n  x'.lstrip('\\n') }}|{{ 'x \\n'.rstrip('\\n') }}|{{ '  x  '.strip() }}|{{ 'xxaxx' | trim('x') }}|{{ '\\ufeff x' | trim }}",
    '  x |  x|x |x|a|\ufeff x',
  ],
  [
    "{{ messages[1].content | length }} {{ 'hELLO' | capitalize }} {{ 'a-b-c'.rsplit('-', 1) }} {{ 'a-b-c'.rsplit('-') }} {{ '-'.join(['a', 'b']) }} {{ 'a\\nb\\r\\n'.splitlines() }} {{ 'abab'.count('ab') }} {{ 'pre-x'.removeprefix('pre-') }} {{ 'x.y'.removesuffix('.y') }}",
    "4 Hello ['a-b', 'c'] ['a', 'b', 'c'] a-b ['a', 'b'] 2 x x",
  ],
  [
    "{% set x = 'out' %}{% for i in [1, 2, 3] %}{% if i == 2 %}{% set x = 'in' %}{% endif %}{{ x }} {% endfor %}{{ x }}",
    'out in out out',
  ],
  [
    '{% for i in range(5) %}{{ i }}{% if i == 1 %}!{% continue %}{% endif %}{% if i == 3 %}?{% break %}{% endif %}, {% else %}none{% endfor %}',
    '0, 1!2, 3?',
  ],
  [
    '{% for i in [1, 2] %}{% for j in [1, 2, 3] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}',
    '11 21 ',
  ],
  [
    "{{ 1 == '1' }} {{ [1, 'a'] == [1, 'a'] }} {{ {'a': 1} != {'a': 1} }} {{ 1 == 1.0 }} {{ 1 == true }} {{ messages[0].nope == none }} {{ messages[1] == messages[-1] }}",
    'False True False True True False True',
  ],
  ['{{ messages[0] | list }} {% for k, v in messages[0].nope | items %}{{ k }}{% endfor %}', "['role', 'content'] "],
  ['a\r\n{% if true %}\r\nb\r\n{% endif %}\r\nc', 'a\nb\nc'],
])('renders %s as jinja2 does', (source, expected) => {
  expect(compileTemplate(source)({ messages, true: true, false: false, none: null })).toBe(expected);
});

test('refuses to write a list that holds itself twice over and over', () => {
  const source =
    '{% set ns = namespace(a=[1]) %}{% for i in range(40) %}{% set ns.a = [ns.a, ns.a] %}{% endfor %}{{ ns.a }}';
  expect(() => compileTemplate(source)({})).toThrow('does not come to an end');
});
