import { parseHost } from '../../../lib/audit/snapshot/host/read-host.ts'
import { parseFacts } from '../../../lib/host/facts.ts'
import { parseRecords } from '../../../lib/host/fact-records.ts'
import { ScriptOutput } from '../../../lib/host/script-output.ts'
import { parseSockets } from '../../../lib/host/sockets.ts'
import { apiError } from '../../../lib/engine/api-error.ts'
import { sshFault, sshLoginFault } from '../../../lib/transport/ssh-faults.ts'
import { refuseHost } from '../../../lib/host/preconditions.ts'
import { isActive } from '../../../lib/host/facts.ts'
import { chunksOf } from '../chunks.ts'
import { Random, seedOf } from '../random.ts'
import { demand, REFUSED, type Target } from '../target.ts'

const fact = (name: string, value: string): string => `fact ${encode(name)} ${encode(value)}\n`
const encode = (text: string): string => Buffer.from(text).toString('base64')

/** The values of facts, which a host chooses, as lines NAME=VALUE: they are encoded here, as the script does. */
function readFacts(bytes: Buffer): void {
  const lines = bytes.toString('utf8').split('\f')
  const printed = lines.map((line) => {
    const [name = '', ...value] = line.split('=')
    return fact(name, value.join('='))
  })
  const facts = parseFacts(printed.join(''))
  demand(
    facts.daemons.every(({ pid }) => typeof pid === 'number'),
    'a pid is no number',
  )
  isActive(facts)
  facts.property('service', 'ExecStart')
  try {
    refuseHost(facts, 'build01')
  } catch (error) {
    // The facts are read; whether the host can be used is another question.
    demand(error instanceof Error && 'code' in error, String(error))
  }
}

/** The entries of a host, by names and values in turns, and contents of its files after a form feed. */
function readHost(bytes: Buffer): unknown {
  const [entries = '', ...contents] = bytes.toString('utf8').split('\f')
  const printed = contents.map((line) => {
    const [name = '', ...value] = line.split('=')
    return fact(name, value.join('='))
  })
  const host = parseHost(`${printed.join('')}${fact('entries', entries.replaceAll('|', '\0'))}`, '/var/lib/docker')
  if (host === undefined) return REFUSED
  demand(host.facts.files.length <= bytes.length, 'there are more files than were printed')
}

function readOutput(bytes: Buffer): unknown {
  const lines: string[] = []
  const limits = { bytes: 256 * 1024, lines: 10_000 }
  const output = new ScriptOutput({ limits, onLine: (line) => lines.push(line), marker: 'MARK' })
  for (const chunk of chunksOf(bytes)) {
    if (output.add(chunk) !== undefined) return REFUSED
  }
  const text = output.end()
  demand(output.greeting.length <= 2048, 'the greeting is long')
  demand(lines.length <= limits.lines && text.length <= bytes.length, 'there are more lines than allowed')
}

const ENDPOINT = { kind: 'ssh', host: 'build01', user: 'root' } as const

function readSshErrors(bytes: Buffer): void {
  const stderr = bytes.toString('utf8')
  for (const code of [255, 1, 127, null]) {
    const error = sshFault({ code, stderr }, ENDPOINT)
    demand(error !== undefined && !/(?!\n)\p{Cc}/u.test(error.message), 'the message has control characters')
    sshLoginFault({ code, stderr }, ENDPOINT)
  }
}

const REQUEST = { method: 'POST', path: '/containers/create?x=1' }

function readApiError(bytes: Buffer): void {
  const status = new Random(seedOf(bytes)).pick([304, 400, 401, 403, 404, 409, 500, 501, 503, 418])
  throw apiError(status, REQUEST, bytes)
}

const FACTS = [
  'uid=0',
  'dockerds=12 0 L3Vzci9iaW4vZG9ja2VyZA==\n',
  'info={"Name":"h"}',
  'service=ActiveState=active\nExecStart=x',
]
const SOCKETS =
  'x86_64\nown 12345\nsystemd 12345\n  0: 00000000:0948 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 1\n'
const SOCKETS6 = SOCKETS.replace('00000000:0948', '00000000000000000000000001000000:0948')

const HOST_ENTRIES =
  'uid|0|daemon_uid|0|unit|docker.service|config_file|/etc/docker/daemon.json|look unit /etc/x|file - 644 0 0 root:root|' +
  'key /etc/docker/ca-key.pem|00|group docker|990 ann,bob|device /var/lib/docker|1|device /|1|systemd|yes|' +
  'state|LoadState=loaded|end|yes|'
const HOST_CONTENTS = [
  'argv=/usr/bin/dockerd\0--tlsverify\0-H\0fd://\0',
  'text /etc/docker/daemon.json={"iptables":false,"hosts":["fd://"]}',
  'certificates /etc/docker/ca.pem=-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  'rules kernel=-w /usr/bin/dockerd -p wa\n-a always,exit -F path=/usr/bin/runc\n',
  'parents:/etc/docker=755 0 L2V0Yw==\n',
]

export const targets: readonly Target[] = [
  {
    name: 'audited-host',
    seeds: () => [[HOST_ENTRIES, ...HOST_CONTENTS].join('\f')],
    read: readHost,
    words: ['|', '\f', '=', '\n', 'look tlskey ', 'text '],
  },
  { name: 'host-facts', seeds: () => [FACTS.join('\f')], read: readFacts, words: ['\f', '=', '\n'], pace: 2 },
  {
    name: 'fact-records',
    seeds: () => [fact('uid', '0') + fact('info', '{}') + `file ${encode('/etc/x')} NjQ0 cm9vdA== eA==\n`],
    read: (bytes) => void parseRecords(bytes.toString('utf8'), 'build01'),
    words: ['fact ', 'file ', 'secret ', '\n'],
  },
  {
    name: 'host-sockets',
    seeds: () => [SOCKETS, SOCKETS6],
    read: (bytes) => parseSockets(bytes.toString('utf8')) ?? REFUSED,
    words: ['own 12345\n', 'systemd 12345\n', '0A', ' 12345 '],
  },
  {
    name: 'script-output',
    seeds: () => ['welcome\nMARK 1\na\nb', 'MARK\n'],
    read: readOutput,
    words: ['\n', 'MARK'],
    pace: 4,
  },
  {
    name: 'ssh-errors',
    seeds: () => [
      'Permission denied (publickey).\r\n',
      'server h not responding',
      'ssh: connect to host h: Connection refused',
    ],
    read: readSshErrors,
    words: ['server ', ' not responding', 'Connection to ', 'closed', '\r\n'],
    // As much as is kept of it (transport/ssh-stream.ts).
    longest: 4096,
  },
  {
    name: 'api-error',
    seeds: () => ['{"message":"No such container: web"}', '404 page not found', '{"message":""}'],
    format: 'json',
    read: readApiError,
    accepts: 0,
  },
]
