const ESCAPE = '\u001B'

/** Names and details that would do harm in one format or another. */
export const HOSTILE: readonly string[] = [
  `${ESCAPE}[31mred${ESCAPE}[0m`,
  `${ESCAPE}]0;title\u0007`,
  '\u009B31mred',
  'line\nbreak\rreturn\ttab\u0000null',
  '\u202Egnp.exe\u2066\u200B',
  '\uD800lone',
  '\uFFFF\uFDD0\u{E0041}',
  '<script>alert(1)</script>',
  '</script><img src=x onerror=alert(1)>',
  "\"><b onclick='x'>&amp;]]>",
  '<!-- --> <details>',
  "=cmd|'/C calc'!A0",
  '@SUM(1+1)',
  '+1-1',
  '`code` ``two`` ```',
  '`<img src=x>` ``**b**`` `',
  '| a | b |',
  '\\| \\` \\',
  '[text](https://example.com/) ![image](x)',
  '@octocat #1 https://example.com/ www.example.com',
  '**bold** _em_ ~~no~~',
  '{0} {{1}} [link](1)',
  '../../etc/passwd',
  '..',
  '',
  ' ',
  'x'.repeat(5000),
  '__proto__',
]

/** Characters that control a terminal, disguise a text or are forbidden in XML; line breaks aside. */
export const CONTROLS =
  /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/u
