import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { definePolicy, parsePolicy, PolicyError } from '../../../lib/policy.ts'

/** The message of the error for a text, without what all of them have. */
function complaint(text: string): string {
  try {
    parsePolicy(text, 'p.yaml')
  } catch (error) {
    assert.ok(error instanceof PolicyError, String(error))
    assert.equal(error.code, 'ERR_POLICY_INVALID')
    return error.message.replace(/^reading the policy: (?:p\.yaml:)?/, '')
  }
  return 'accepted'
}

/** Texts, each with the whole message. */
function check(rows: Readonly<Record<string, readonly [text: string, message: string]>>): void {
  for (const [what, [text, message]] of Object.entries(rows)) {
    test(what, () => assert.equal(complaint(text), message))
  }
}

const RULE_KEYS = 'The keys are name, who, level, until, owner, renew, allow, deny and only.'

describe('a text that is no plain data', () => {
  check({
    empty: ['', '1:1: it is empty.\nWrite an object. The keys are version and rules.'],
    'a comment alone': ['# nothing\n', '1:1: it is empty.\nWrite an object. The keys are version and rules.'],
    'a text': ['hello', '1:1: it is the text "hello".\nWrite an object. The keys are version and rules.'],
    'a list': ['- version: 1', '1:1: it is a list.\nWrite an object. The keys are version and rules.'],
    'a tab for indenting': ['version: 1\nrules:\n\t- a', '3:1: tabs are not allowed.\nWrite spaces instead.'],
    'a tab in a comment': ['version: 1 #\tx', '1:13: tabs are not allowed.\nWrite spaces instead.'],
    NUL: ['version: 1\n\0', '2:1: the control character U+0000 is not allowed.\nRemove it.'],
    'an escape sequence in a comment': ['# \u001b[2K', '1:3: the control character U+001B is not allowed.\nRemove it.'],
    'a carriage return alone': [
      'version: 1\r#',
      '1:11: a line ends with a carriage return alone.\nEnd lines with a line feed.',
    ],
    'a change of direction in a comment': ['# \u202e', '1:3: the character U+202E is not allowed.\nRemove it.'],
    'a line separator': ['# \u2028version: 1', '1:3: the character U+2028 is not allowed.\nRemove it.'],
    'a byte order mark within': ['version: 1\ufeff', '1:11: the character U+FEFF is not allowed.\nRemove it.'],
    'half of a surrogate pair': ['# \ud800', '1:3: the character U+D800 is not allowed.\nRemove it.'],
    'a byte that is no UTF-8': [
      Buffer.from([0x23, 0xff]).toString(),
      '1:2: the file is not valid UTF-8, or contains U+FFFD.\nSave it as UTF-8.',
    ],
    'an anchor': ['version: &v 1', '1:10: anchors are not allowed.\nRemove it. Put text that begins with & in quotes.'],
    'an alias': [
      'version: *v',
      '1:10: aliases are not allowed.\nWrite the value itself. Put text that begins with * in quotes.',
    ],
    'a tag': ['version: !!int "1"', '1:10: tags are not allowed.\nRemove it. Put text that begins with ! in quotes.'],
    'a tag of its own': [
      '!policy\nversion: 1',
      '1:1: tags are not allowed.\nRemove it. Put text that begins with ! in quotes.',
    ],
    'a version of YAML': [
      '%YAML 1.1\n---\nversion: 1',
      '1:1: directives are not allowed.\nRemove the line. Policies are YAML 1.2.',
    ],
    'two documents': [
      'version: 1\n---\nversion: 1',
      '2:1: a second document begins.\nPut all rules into one document.',
    ],
    'a key twice': [
      'version: 1\nrules: []\nversion: 1',
      '3:1: the key "version" is there twice.\nRemove one of the two.',
    ],
    'a key twice in braces, once in quotes': [
      '{version: 1, "version": 1}',
      '1:14: the key "version" is there twice.\nRemove one of the two.',
    ],
    'a key twice by an escape': [
      '{version: 1, "\\u0076ersion": 1}',
      '1:14: the key "version" is there twice.\nRemove one of the two.',
    ],
    'a number as a key': [
      '1: 2',
      '1:1: a key is a number.\nWrite the key as text; put it in quotes if it looks like a number.',
    ],
    'nothing as a key': [
      ': 2',
      '1:1: a key is empty.\nWrite the key as text; put it in quotes if it looks like a number.',
    ],
    'a list as a key': [
      '? [a]\n: 2',
      '1:3: a key is not a text.\nWrite the key as text; put it in quotes if it looks like a number.',
    ],
    'a wrong indent': [
      'version: 1\n  rules: []',
      '1:10: it is not valid YAML: Nested mappings are not allowed in compact mappings.\nCorrect the line.',
    ],
    'an open bracket': [
      'rules: [',
      '1:9: it is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ].\nCorrect the line.',
    ],
    'deep brackets': ['['.repeat(100), '1:21: it is nested too deeply.\nWrite rules as the documentation shows.'],
    'deep lists': ['- '.repeat(100), '1:41: it is nested too deeply.\nWrite rules as the documentation shows.'],
    'a deep indent': [
      `a:\n${' '.repeat(201)}b: 1`,
      '2:1: it is nested too deeply.\nWrite rules as the documentation shows.',
    ],
    'more than 1 MiB': [
      '#'.repeat(2 ** 20 + 1),
      '1:1: it is larger than 1 MiB.\nRemove rules, or put callers into groups.',
    ],
    'more than 1 MiB in UTF-8': [
      `#${'\u00eb'.repeat(2 ** 19)}`,
      '1:1: it is larger than 1 MiB.\nRemove rules, or put callers into groups.',
    ],
  })
  test('the largest text is read', () => {
    const text = 'version: 1\nrules: [{name: a, who: {any: true}, level: baseline}]\n#'
    assert.equal(parsePolicy(text + '#'.repeat(2 ** 20 - text.length), 'p').rules.length, 1)
  })
})

/** A file whose only rule has these lines. */
const ruleWith = (...lines: readonly string[]): string =>
  ['version: 1', 'rules:', '  - name: a', ...lines.map((line) => `    ${line}`)].join('\n')

const withWho = (who: string): string => ruleWith(`who: ${who}`, 'level: baseline')
const withAllow = (allow: string): string => ruleWith('who: { any: true }', 'level: baseline', `allow: ${allow}`)

const withOnly = (only: string): string => ruleWith('who: { any: true }', 'level: baseline', `only: ${only}`)

describe('the file and its rules', () => {
  check({
    'no version': [
      'rules: [{name: a, who: {any: true}, level: baseline}]',
      '1:1: it has no version.\nAdd version. The keys are version and rules.',
    ],
    'another version': [
      'version: 2\nrules: [{name: a, who: {any: true}, level: baseline}]',
      '1:10: version: it is the number 2.\nWrite 1.',
    ],
    'a version in quotes': [
      'version: "1"\nrules: [{name: a, who: {any: true}, level: baseline}]',
      '1:10: version: it is the text "1".\nWrite 1.',
    ],
    'no rules': ['version: 1', '1:1: it has no rules.\nAdd rules. The keys are version and rules.'],
    'rules without a value': [
      'version: 1\nrules:',
      '2:7: rules: it is empty.\nWrite a list of objects. The keys of each are name, who, level, until, owner, renew, allow, deny and only.',
    ],
    'an empty list of rules': [
      'version: 1\nrules: []',
      '2:8: rules: there are no rules.\nAdd a rule: without one, nobody may do anything.',
    ],
    'rules by name': [
      'version: 1\nrules:\n  a: {}',
      '3:3: rules: it is an object.\nWrite a list of objects. The keys of each are name, who, level, until, owner, renew, allow, deny and only.',
    ],
    'a rule that is a text': [
      'version: 1\nrules:\n  - a',
      `3:5: rules[0]: it is the text "a".\nWrite an object. ${RULE_KEYS}`,
    ],
    'an unknown key': [
      'version: 1\nrule: []\nrules: [{name: a, who: {any: true}, level: baseline}]',
      '2:1: rule: the key "rule" is unknown.\nDid you mean rules?',
    ],
    'an unknown key of a rule': [
      ruleWith('who: { any: true }', 'level: baseline', 'denied: {}'),
      `6:5: rules[0].denied: the key "denied" is unknown.\n${RULE_KEYS}`,
    ],
    'a key that objects have': [
      ruleWith('who: { any: true }', 'level: baseline', '__proto__: {}'),
      `6:5: rules[0].__proto__: the key "__proto__" is unknown.\n${RULE_KEYS}`,
    ],
    'a key like another': [
      ruleWith('who: { any: true }', 'level: baseline', 'Only: {}'),
      '6:5: rules[0].Only: the key "Only" is unknown.\nDid you mean only?',
    ],
    'no who': [ruleWith('level: baseline'), `3:5: rules[0]: it has no who.\nAdd who. ${RULE_KEYS}`],
    'no level': [ruleWith('who: { any: true }'), `3:5: rules[0]: it has no level.\nAdd level. ${RULE_KEYS}`],
    'no name': [
      'version: 1\nrules:\n  - who: { any: true }\n    level: baseline',
      `3:5: rules[0]: it has no name.\nAdd name. ${RULE_KEYS}`,
    ],
    'a name with a space': [
      'version: 1\nrules: [{name: "a b", who: {any: true}, level: baseline}]',
      '2:16: rules[0].name: "a b" is not a name.\nWrite a name of 1 to 64 letters, digits, "-", "_" and ".", such as ci.',
    ],
    'a name with a line break': [
      'version: 1\nrules: [{name: "a\\nb", who: {any: true}, level: baseline}]',
      '2:16: rules[0].name: "a<U+000A>b" is not a name.\nWrite a name of 1 to 64 letters, digits, "-", "_" and ".", such as ci.',
    ],
    'a name that is a number': [
      'version: 1\nrules: [{name: 1, who: {any: true}, level: baseline}]',
      '2:16: rules[0].name: it is a number.\nWrite a name of 1 to 64 letters, digits, "-", "_" and ".", such as ci, in quotes.',
    ],
    'the name of another rule': [
      'version: 1\nrules:\n  - { name: a, who: { commonName: x }, level: baseline }\n  - { name: a, who: { any: true }, level: baseline }',
      '4:13: rules[1].name: another rule has the name "a".\nGive each rule its own name.',
    ],
    'an unknown level': [
      ruleWith('who: { any: true }', 'level: strict'),
      '5:12: rules[0].level: "strict" is not a level.\nWrite read-only, restricted, baseline or privileged.',
    ],
    'a misspelt level': [
      ruleWith('who: { any: true }', 'level: readonly'),
      '5:12: rules[0].level: "readonly" is not a level.\nDid you mean read-only?',
    ],
    'a level in upper case': [
      ruleWith('who: { any: true }', 'level: Baseline'),
      '5:12: rules[0].level: "Baseline" is not a level.\nDid you mean baseline?',
    ],
    'an empty level': [
      ruleWith('who: { any: true }', 'level:'),
      '5:11: rules[0].level: it is empty.\nWrite read-only, restricted, baseline or privileged.',
    ],
    'a list of levels': [
      ruleWith('who: { any: true }', 'level: [baseline]'),
      '5:12: rules[0].level: it is a list.\nWrite read-only, restricted, baseline or privileged.',
    ],
    "a level that isn't enforced": [
      ruleWith('who: { any: true }', 'level: { audit: baseline }'),
      '5:12: rules[0].level: it has no enforce.\nAdd enforce. The keys are enforce, audit, warn and version.',
    ],
    'an unknown mode': [
      ruleWith('who: { any: true }', 'level: { enforce: baseline, warns: restricted }'),
      '5:33: rules[0].level.warns: the key "warns" is unknown.\nDid you mean warn?',
    ],
    'another version of the levels': [
      ruleWith('who: { any: true }', 'level: { enforce: baseline, version: 2 }'),
      '5:42: rules[0].level.version: it is the number 2.\nWrite 1.',
    ],
    'a privileged rule with an owner': [
      ruleWith('who: { any: true }', 'level: privileged', 'owner: team-a'),
      '6:12: rules[0].owner: the level privileged has no limits, as who has it is root on the host.\nRemove owner, or use the level baseline.',
    ],
    'an owner that is no plain name': [
      ruleWith('who: { any: true }', 'level: baseline', 'owner: team a'),
      '6:12: rules[0].owner: "team a" is not a name.\nWrite a name of 1 to 64 letters, digits, "-", "_" and ".", such as team-a.',
    ],
    'renew for every caller': [
      ruleWith('who: { any: true }', 'level: baseline', 'renew: { for: 10m }'),
      '6:12: rules[0].renew: the rule is for every caller, whoever it is.\nWrite a rule that names who may renew.',
    ],
    'renew on a local socket': [
      ruleWith('who: { socket: agent }', 'level: baseline', 'renew: { for: 10m }'),
      '6:12: rules[0].renew: callers on a local socket have no certificate.\nRemove renew.',
    ],
    'renew for a fingerprint': [
      ruleWith(`who: { commonName: ann, fingerprint: "${'ab'.repeat(32)}" }`, 'level: baseline', 'renew: { for: 10m }'),
      '6:12: rules[0].renew: a renewed certificate has another fingerprint, so the rule would not apply to it.\nName the callers by commonName, and their CA by issuer, or remove renew.',
    ],
    'renew without a time': [
      ruleWith('who: { commonName: ann }', 'level: baseline', 'renew: {}'),
      '6:12: rules[0].renew: it has no for.\nAdd for. The keys are for.',
    ],
    'a life without a unit': [
      ruleWith('who: { commonName: ann }', 'level: baseline', 'renew: { for: "10" }'),
      '6:19: rules[0].renew.for: "10" is not a length of time.\nWrite a number with s, m, h or d, such as 10m.',
    ],
    'a life that is a number': [
      ruleWith('who: { commonName: ann }', 'level: baseline', 'renew: { for: 10 }'),
      '6:19: rules[0].renew.for: it is a number.\nWrite a length of time, such as 10m or 8h, in quotes.',
    ],
    'a life that is too short': [
      ruleWith('who: { commonName: ann }', 'level: baseline', 'renew: { for: 4s }'),
      '6:19: rules[0].renew.for: "4s" is too short.\nWrite 5s or more.',
    ],
    'a life that is too long': [
      ruleWith('who: { commonName: ann }', 'level: baseline', 'renew: { for: 2161h }'),
      '6:19: rules[0].renew.for: "2161h" is too long.\nWrite 90d or less, or issue the certificate with that life.',
    ],
    'a privileged rule with exceptions': [
      ruleWith('who: { any: true }', 'level: privileged', 'deny: { operations: [images.push] }'),
      '6:11: rules[0].deny: the level privileged has no limits, as who has it is root on the host.\nRemove deny, or use the level baseline.',
    ],
    'a privileged rule that allows more': [
      ruleWith('who: { any: true }', 'level: { enforce: privileged }', 'allow: { devices: [/dev/fuse] }'),
      '6:12: rules[0].allow: the level privileged has no limits, as who has it is root on the host.\nRemove allow, or use the level baseline.',
    ],
    'a rule that no caller reaches': [
      'version: 1\nrules:\n  - { name: a, who: { commonName: [x, y] }, level: baseline }\n  - { name: b, who: { commonName: y, ip: 1.2.3.4 }, level: baseline }',
      '4:21: rules[1].who: no caller gets here, as the rule "a" applies to the same callers.\nMove the rule before "a", or remove it.',
    ],
    'a rule that no caller reaches, after normalising': [
      'version: 1\nrules:\n  - { name: a, who: { dns: X.example }, level: baseline }\n  - { name: b, who: { dns: x.EXAMPLE }, level: baseline }',
      '4:21: rules[1].who: no caller gets here, as the rule "a" applies to the same callers.\nMove the rule before "a", or remove it.',
    ],
  })
})

describe('who', () => {
  const address = 'Write an IPv4 or IPv6 address, such as 10.0.0.1.'
  const digits = 'Write 64 hexadecimal digits, with or without colons between each two.'
  check({
    'no condition': [
      withWho('{}'),
      '4:10: rules[0].who: it has no condition.\nName the callers, or write { any: true } in the last rule.',
    ],
    'a word': [
      withWho('everyone'),
      '4:10: rules[0].who: it is the text "everyone".\nWrite an object. The keys are any, commonName, organizationalUnit, dns, uri, ip, fingerprint, issuer and socket.',
    ],
    'any: false': [withWho('{ any: false }'), '4:17: rules[0].who.any: it is false.\nWrite true.'],
    'any: yes': [withWho('{ any: yes }'), '4:17: rules[0].who.any: it is the text "yes".\nWrite true.'],
    'any beside a condition': [
      withWho('{ any: true, commonName: ann }'),
      '4:17: rules[0].who.any: there are other conditions beside any.\nRemove any.',
    ],
    'any before another rule': [
      'version: 1\nrules:\n  - { name: a, who: { any: true }, level: baseline }\n  - { name: b, who: { commonName: y }, level: baseline }',
      '3:28: rules[0].who.any: rules after it would never apply, as it means every caller.\nMove the rule to the end.',
    ],
    'a socket and a certificate': [
      withWho('{ socket: agent, commonName: ann, ip: 1.1.1.1 }'),
      '4:20: rules[0].who.socket: no caller has commonName and ip on a local socket, where there is no certificate.\nWrite two rules.',
    ],
    'an unknown condition': [
      withWho('{ commonname: ann }'),
      '4:12: rules[0].who.commonname: the key "commonname" is unknown.\nDid you mean commonName?',
    ],
    'an empty list': [
      withWho('{ commonName: [] }'),
      '4:24: rules[0].who.commonName: it is an empty list.\nWrite a common name, such as ann.',
    ],
    'an empty condition': [
      withWho('{ commonName: }'),
      '4:24: rules[0].who.commonName: it is empty.\nWrite a common name, such as ann.',
    ],
    'a number as a common name': [
      withWho('{ commonName: [ann, 0123] }'),
      '4:30: rules[0].who.commonName[1]: it is a number.\nWrite a common name, such as ann, in quotes.',
    ],
    'true as a common name': [
      withWho('{ commonName: true }'),
      '4:24: rules[0].who.commonName: it is true.\nWrite a common name, such as ann, in quotes.',
    ],
    'an object as a common name': [
      withWho('{ commonName: { is: ann } }'),
      '4:24: rules[0].who.commonName: it is an object.\nWrite a common name, such as ann.',
    ],
    'NUL in a common name': [
      withWho('{ commonName: "a\\0" }'),
      '4:24: rules[0].who.commonName: "a<U+0000>" has a character that is invisible or a control character.\nWrite a common name, such as ann.',
    ],
    'an invisible character': [
      withWho('{ commonName: "a\\u00ad" }'),
      '4:24: rules[0].who.commonName: "a<U+00AD>" has a character that is invisible or a control character.\nWrite a common name, such as ann.',
    ],
    'a space at the end': [
      withWho('{ organizationalUnit: "ci " }'),
      '4:32: rules[0].who.organizationalUnit: "ci " begins or ends with a space.\nWrite an organizational unit, such as ci.',
    ],
    'a wildcard': [
      withWho("{ dns: '*.example.com' }"),
      '4:17: rules[0].who.dns: "*.example.com" has a wildcard.\nWrite each name, or use organizationalUnit.',
    ],
    'an address as a DNS name': [
      withWho('{ dns: 10.0.0.1 }'),
      '4:17: rules[0].who.dns: "10.0.0.1" is an address.\nWrite it as ip.',
    ],
    'a DNS name with a dot at the end': [
      withWho('{ dns: example.com. }'),
      '4:17: rules[0].who.dns: "example.com." is not a DNS name.\nWrite it as in the certificate: ASCII, without a dot at the end.',
    ],
    'a DNS name beyond ASCII': [
      withWho('{ dns: b\u00fccher.example }'),
      '4:17: rules[0].who.dns: "b\u00fccher.example" is not a DNS name.\nWrite it as in the certificate: ASCII, without a dot at the end.',
    ],
    'almost an address': [
      withWho('{ dns: 10.0.0.300 }'),
      '4:17: rules[0].who.dns: "10.0.0.300" is not a DNS name.\nWrite it as in the certificate: ASCII, without a dot at the end.',
    ],
    'a URI without a scheme': [
      withWho('{ uri: example.com/ci }'),
      '4:17: rules[0].who.uri: "example.com/ci" is not a URI.\nWrite a URI, such as spiffe://example.com/ci.',
    ],
    'a URI with a space': [
      withWho('{ uri: "spiffe://example.com/c i" }'),
      '4:17: rules[0].who.uri: "spiffe://example.com/c i" is not a URI.\nWrite a URI, such as spiffe://example.com/ci.',
    ],
    'an octal address': [
      withWho('{ ip: 010.0.0.1 }'),
      `4:16: rules[0].who.ip: "010.0.0.1" is not an address.\n${address}`,
    ],
    'a short address': [withWho('{ ip: "10.1" }'), `4:16: rules[0].who.ip: "10.1" is not an address.\n${address}`],
    'an address that is a float': [
      withWho('{ ip: 10.1 }'),
      '4:16: rules[0].who.ip: it is a number.\nWrite an address, such as 10.0.0.1, in quotes.',
    ],
    'an address with a zone': [
      withWho('{ ip: "fe80::1%eth0" }'),
      `4:16: rules[0].who.ip: "fe80::1%eth0" is not an address.\n${address}`,
    ],
    'a range': [
      withWho('{ ip: 10.0.0.0/8 }'),
      '4:16: rules[0].who.ip: "10.0.0.0/8" is a range.\nWrite each address of a certificate.',
    ],
    'a SHA-1 fingerprint': [
      withWho(`{ fingerprint: ${'ab'.repeat(20)} }`),
      `4:25: rules[0].who.fingerprint: "${'ab'.repeat(20)}" is a SHA-1 fingerprint.\n${digits}`,
    ],
    'a short fingerprint': [
      withWho('{ issuer: abcd }'),
      `4:20: rules[0].who.issuer: "abcd" is not a SHA-256 fingerprint.\n${digits}`,
    ],
    'a fingerprint with its name': [
      withWho(`{ issuer: "sha256:${'ab'.repeat(32)}" }`),
      `4:20: rules[0].who.issuer: "sha256:${'ab'.repeat(32)}" is not a SHA-256 fingerprint.\n${digits}`,
    ],
    'a path as a socket': [
      withWho('{ socket: /run/agent.sock }'),
      '4:20: rules[0].who.socket: "/run/agent.sock" is not a name.\nWrite a name of 1 to 64 letters, digits, "-", "_" and ".", such as ci.',
    ],
  })
})

describe('exceptions', () => {
  const resources =
    'The resources are checkpoints, configs, containers, distribution, exec, images, networks, nodes, plugins, secrets, services, session, swarm, system, tasks and volumes.'
  const write = 'Write the absolute path, such as /srv/app.'
  check({
    'an empty object': [
      withAllow(''),
      '6:12: rules[0].allow: it is empty.\nWrite an object. The keys are operations, hostPaths, capabilities and devices.',
    ],
    'a text instead of a list': [
      withAllow('{ operations: images.push }'),
      '6:26: rules[0].allow.operations: it is the text "images.push".\nWrite a list, such as [images.push].',
    ],
    'a misspelt operation': [
      withAllow('{ operations: [image.push] }'),
      '6:27: rules[0].allow.operations[0]: "image.push" is not an operation.\nDid you mean images.push?',
    ],
    'an operation of a resource': [
      withAllow('{ operations: [exec.run] }'),
      '6:27: rules[0].allow.operations[0]: "exec.run" is not an operation.\nThe operations are exec.create, exec.inspect, exec.resize and exec.start.',
    ],
    'an unknown operation': [
      withAllow('{ operations: [run] }'),
      `6:27: rules[0].allow.operations[0]: "run" is not an operation.\n${resources}`,
    ],
    'an unknown resource': [
      withAllow('{ operations: [container.*] }'),
      '6:27: rules[0].allow.operations[0]: "container" is not a resource.\nDid you mean containers.*?',
    ],
    'a resource like none': [
      withAllow('{ operations: [compose.*] }'),
      `6:27: rules[0].allow.operations[0]: "compose" is not a resource.\n${resources}`,
    ],
    'every operation': [
      withAllow("{ operations: ['*'] }"),
      '6:27: rules[0].allow.operations[0]: "*" is every operation.\nWrite each resource, such as containers.*.',
    ],
    'a pattern of operations': [
      withAllow("{ operations: ['*.list'] }"),
      '6:27: rules[0].allow.operations[0]: "*.list" is a pattern.\nWrite each operation, or RESOURCE.*, such as containers.*.',
    ],
    'a part of a resource': [
      withAllow('{ operations: [containers.archive.*] }'),
      '6:27: rules[0].allow.operations[0]: "containers.archive.*" is a pattern.\nWrite each operation, or RESOURCE.*, such as containers.*.',
    ],
    'a path alone': [
      withAllow('{ hostPaths: [/srv] }'),
      '6:26: rules[0].allow.hostPaths[0]: it is the text "/srv".\nWrite an object. The keys are path and readOnly.',
    ],
    'a text as readOnly': [
      withAllow('{ hostPaths: [{ path: /srv, readOnly: yes }] }'),
      '6:50: rules[0].allow.hostPaths[0].readOnly: it is the text "yes".\nWrite true or false.',
    ],
    'no path': [
      withAllow('{ hostPaths: [{ readOnly: true }] }'),
      '6:26: rules[0].allow.hostPaths[0]: it has no path.\nAdd path. The keys are path and readOnly.',
    ],
    'a path in a folder that containers may change': [
      withAllow('{ hostPaths: [{ path: /srv/app/data }, { path: /srv/app }] }'),
      '6:34: rules[0].allow.hostPaths[0].path: a container that changes /srv/app can put a symbolic link there, to any other folder.\nAllow /srv/app alone, or only to read.',
    ],
    'a network with a slash': [
      withOnly('{ networks: [a/b] }'),
      '6:24: rules[0].only.networks[0]: "a/b" is not the name of a network.\nWrite the name or id of a network, such as web.',
    ],
    'a label with its value': [
      withOnly('{ labels: [team=web] }'),
      '6:22: rules[0].only.labels[0]: "team=web" has a value.\nWrite the key alone: "team".',
    ],
    'every label': [
      withOnly('{ labels: ["*"] }'),
      '6:22: rules[0].only.labels[0]: "*" is every label.\nTo allow none, write only: { labels: [] }.',
    ],
    'a * within a label': [
      withOnly('{ labels: [traefik.*.rule] }'),
      '6:22: rules[0].only.labels[0]: "traefik.*.rule" has a * within.\nWrite * only at the end.',
    ],
    'a label with a letter that looks like another': [
      withOnly('{ labels: [te\u0430m] }'),
      '6:22: rules[0].only.labels[0]: "te\u0430m" is not the key of a label.\nWrite the key of a label, such as com.example.team or traefik.*.',
    ],
    'a label with a space': [
      withOnly('{ labels: [a b] }'),
      '6:22: rules[0].only.labels[0]: "a b" is not the key of a label.\nWrite the key of a label, such as com.example.team or traefik.*.',
    ],
    'labels that are allowed': [
      withAllow('{ labels: [a] }'),
      '6:14: rules[0].allow.labels: the key "labels" is unknown.\nThe keys are operations, hostPaths, capabilities and devices.',
    ],
    'labels with values': [
      withOnly('{ labels: { team: web } }'),
      '6:21: rules[0].only.labels: it is an object.\nWrite a list, such as [com.example.team].',
    ],
    'a misspelt capability': [
      withAllow('{ capabilities: [net_admin] }'),
      '6:29: rules[0].allow.capabilities[0]: "net_admin" is not a capability.\nDid you mean NET_ADMIN?',
    ],
    'an unknown capability': [
      withAllow('{ capabilities: [ROOT] }'),
      '6:29: rules[0].allow.capabilities[0]: "ROOT" is not a capability.\nWrite it as in capabilities(7), such as NET_BIND_SERVICE.',
    ],
    'every capability': [
      withAllow('{ capabilities: [ALL] }'),
      '6:29: rules[0].allow.capabilities[0]: "ALL" is every capability.\nWrite each one, or use the level privileged.',
    ],
    'every capability, denied': [
      ruleWith('who: { any: true }', 'level: baseline', 'deny: { capabilities: [ALL] }'),
      '6:28: rules[0].deny.capabilities[0]: "ALL" is every capability.\nWrite each one, or use the level restricted.',
    ],
    'only some capabilities': [
      withOnly('{ capabilities: [CHOWN] }'),
      '6:13: rules[0].only.capabilities: the key "capabilities" is unknown.\nThe keys are operations, images, networks and labels.',
    ],
    'a relative device': [
      withAllow('{ devices: [fuse] }'),
      `6:24: rules[0].allow.devices[0]: "fuse" is not a normalised absolute path: it does not begin with /.\n${write}`,
    ],
    'a pattern of devices': [
      withAllow('{ devices: [/dev/sd*] }'),
      '6:24: rules[0].allow.devices[0]: "/dev/sd*" is a pattern.\nWrite each device.',
    ],
    'a long list': [
      withOnly(`{ networks: [${'a,'.repeat(1001)}] }`),
      '6:23: rules[0].only.networks: it has more than 1000 values.\nWrite several rules.',
    ],
  })

  const paths: Readonly<Record<string, string>> = {
    '~/app': `begins with ~.\nWrite the absolute path, such as /home/ann/app.`,
    '$HOME/app': 'has a variable.\nWrite the absolute path: nothing is expanded.',
    '${HOME}/app': 'has a variable.\nWrite the absolute path: nothing is expanded.',
    '%h/app': 'has a variable.\nWrite the absolute path: nothing is expanded.',
    '/srv/*': 'is a pattern.\nWrite /srv: containers can mount this folder, but no folder in it.',
    '/srv/**': 'is a pattern.\nWrite /srv: containers can mount this folder, but no folder in it.',
    '/srv/a?': 'is a pattern.\nWrite each folder.',
    '/*': 'is a pattern.\nWrite each folder.',
    '/srv/': 'ends with a slash.\nWrite /srv.',
    '/srv/../etc': `is not a normalised absolute path: it contains . or .. as a part.\n${write}`,
    '/srv/./app': `is not a normalised absolute path: it contains . or .. as a part.\n${write}`,
    '/srv//app': `is not a normalised absolute path: it contains //.\n${write}`,
    '//': `is not a normalised absolute path: it ends with /, so it names a folder.\n${write}`,
    'srv/app': `is not a normalised absolute path: it does not begin with /.\n${write}`,
    'C:\\app': `is not a normalised absolute path: it does not begin with /.\n${write}`,
    '': `is empty.\n${write}`,
  }
  for (const [path, message] of Object.entries(paths)) {
    test(`the path ${JSON.stringify(path)}`, () => {
      const text = withAllow(`{ hostPaths: [{ path: ${JSON.stringify(path)} }] }`)
      assert.equal(
        complaint(text),
        `6:34: rules[0].allow.hostPaths[0].path: ${JSON.stringify(path).replace('\\\\', '\\')} ${message}`,
      )
    })
  }

  const digest = `sha256:${'0'.repeat(64)}`
  const name = 'Write REGISTRY/REPOSITORY or REGISTRY/*.'
  const images: Readonly<Record<string, string>> = {
    'alpine:3.20': 'has a tag.\nWrite alpine for all tags, or pin one image: alpine@sha256:...',
    'localhost:5000/app:1':
      'has a tag.\nWrite localhost:5000/app for all tags, or pin one image: localhost:5000/app@sha256:...',
    [`alpine:3@${digest}`]: 'has a tag.\nWrite alpine for all tags, or pin one image: alpine@sha256:...',
    '*': 'is every image.\nName a registry, such as registry.example.com/*.',
    'r.example/*/app': 'has a * within.\nWrite * only at the end, after a slash.',
    'r.example/team*': 'has a * within.\nWrite * only at the end, after a slash.',
    '*.example/*': `is not an image name: "*.example" is not a valid registry.\n${name}`,
    '/*': `is not an image name: "/x" is not a valid repository.\n${name}`,
    'r.example/Team/*': `is not an image name: its repository has upper-case letters.\n${name}`,
    'r.example/../x': `is not an image name: "../x" is not a valid repository.\n${name}`,
    'alpine@sha256:1234': `is not an image name: "sha256:1234" is not a valid digest.\n${name}`,
    ['0'.repeat(64)]: `is not an image name: it is an image id, and registries know images only by name.\n${name}`,
    '': `is not an image name: it is empty.\n${name}`,
  }
  for (const [image, message] of Object.entries(images)) {
    test(`the image ${JSON.stringify(image)}`, () => {
      const text = withOnly(`{ images: [${JSON.stringify(image)}] }`)
      assert.equal(complaint(text), `6:22: rules[0].only.images[0]: ${JSON.stringify(image)} ${message}`)
    })
  }
})

describe('several faults', () => {
  test('are named all at once, in the order of the file', () => {
    const text = 'version: 2\nrule: 1\nrules:\n  - name: a b\n    who: { comonName: ann }\n    level: strict\n  - 7'
    assert.equal(
      complaint(text),
      `p.yaml has 6 faults.
p.yaml:1:10: version: it is the number 2. Write 1.
p.yaml:2:1: rule: the key "rule" is unknown. Did you mean rules?
p.yaml:4:11: rules[0].name: "a b" is not a name. Write a name of 1 to 64 letters, digits, "-", "_" and ".", such as ci.
p.yaml:5:12: rules[0].who.comonName: the key "comonName" is unknown. Did you mean commonName?
p.yaml:6:12: rules[0].level: "strict" is not a level. Write read-only, restricted, baseline or privileged.
p.yaml:7:5: rules[1]: it is a number. Write an object. ${RULE_KEYS}
Correct each of them. The policy is refused until all of it is valid.`,
    )
  })

  test('are at most 20 in the message and in the data, and all are counted', () => {
    const text = `version: 1\nrules:\n${'  - 7\n'.repeat(500)}`
    assert.throws(
      () => parsePolicy(text, 'p.yaml'),
      (error: PolicyError) => {
        assert.match(error.message, /^reading the policy: p\.yaml has 500 faults, of which these are the first 20\.\n/)
        assert.equal(error.message.split('\n').length, 22)
        assert.deepEqual([error.faults.length, error.line, error.column, error.path], [20, 3, 5, 'rules[0]'])
        assert.deepEqual(error.faults[19], {
          path: 'rules[19]',
          line: 22,
          column: 5,
          got: 'it is a number',
          todo: `Write an object. ${RULE_KEYS}`,
        })
        return true
      },
    )
  })

  test('more than 1,000 rules are one', () => {
    const rules = Array.from(
      { length: 1001 },
      (_, index) => `  - {name: r${index}, who: {commonName: c${index}}, level: baseline}\n`,
    )
    assert.equal(
      complaint(`version: 1\nrules:\n${rules.join('')}`),
      '3:3: rules: there are more than 1000 rules.\nPut callers into groups.',
    )
    assert.equal(parsePolicy(`version: 1\nrules:\n${rules.slice(1).join('')}`, 'p').rules.length, 1000)
  })
})

describe('a policy in code', () => {
  const rows: [value: unknown, message: string][] = [
    [undefined, 'it is empty.\nWrite an object. The keys are version and rules.'],
    [[], 'it is a list.\nWrite an object. The keys are version and rules.'],
    ['version: 1', 'it is the text "version: 1".\nWrite an object. The keys are version and rules.'],
    [
      { version: 1, rules: [{ name: 'a', who: { any: true }, level: 'x' }] },
      'rules[0].level: "x" is not a level.\nWrite read-only, restricted, baseline or privileged.',
    ],
    [
      { version: 1n, rules: [{ name: 'a', who: { any: true }, level: 'baseline' }] },
      'version: it is a bigint.\nWrite 1.',
    ],
    [
      { version: 1, rules: [{ name: 'a', who: { commonName: Symbol('x') }, level: 'baseline' }] },
      'rules[0].who.commonName: it is a symbol.\nWrite a common name, such as ann.',
    ],
    [
      { version: 1, rules: [{ name: 'a', who: { any: undefined }, level: 'baseline' }] },
      'rules[0].who: it has no condition.\nName the callers, or write { any: true } in the last rule.',
    ],
    [
      { version: 1, rules: [], x: 1 },
      'it has 2 faults.\nx: the key "x" is unknown. The keys are version and rules.\nrules: there are no rules. Add a rule: without one, nobody may do anything.\nCorrect each of them. The policy is refused until all of it is valid.',
    ],
  ]
  for (const [value, message] of rows) {
    test(message.split('\n')[0] ?? '', () =>
      assert.throws(() => definePolicy(value), {
        name: 'PolicyError',
        code: 'ERR_POLICY_INVALID',
        message: `reading the policy: ${message}`,
        line: undefined,
      }),
    )
  }
})

test('a name of the file with control characters is escaped', () => {
  assert.throws(() => parsePolicy('', 'p\n\u001b[2K.yaml'), {
    message: /^reading the policy: p<U\+000A><U\+001B>\[2K\.yaml:1:1: /,
  })
})
