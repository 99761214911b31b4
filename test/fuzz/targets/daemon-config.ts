import { readDaemonJson } from '../../../lib/daemon-config/existing-daemon-json.ts'
import { tlsFilesIn, type DaemonOptions } from '../../../lib/daemon-config/options.ts'
import { checkUnit, parseUnit } from '../../../lib/daemon-config/unit/parse-unit.ts'
import { assignmentsOf, expand } from '../../../lib/daemon-config/unit/variables.ts'
import { flagsOf } from '../../../lib/daemon-config/unit/flags.ts'
import { parseDataFacts } from '../../../lib/daemon-config/userns/data-facts.ts'
import { parseSubids } from '../../../lib/daemon-config/userns/parse-subids.ts'
import { planUserns } from '../../../lib/daemon-config/userns/subuid-ranges.ts'
import { daemonWarnings } from '../../../lib/daemon-config/warnings.ts'
import { renderDaemonJson } from '../../../lib/daemon-config/render-daemon-json.ts'
import { demand, type Target } from '../target.ts'

/** A unit, and behind a form feed its environment: what `systemctl show` prints, and an environment file. */
function readUnit(bytes: Buffer): void {
  const [text = '', environment = '', file = ''] = bytes.toString('utf8').split('\f')
  const unit = parseUnit(text)
  checkUnit(unit)
  flagsOf(unit)
  const { argv } = expand(unit, assignmentsOf(unit, { environment, textOf: () => file }))
  demand(
    argv.every((word) => typeof word === 'string'),
    'a word is not a string',
  )
}

/** A daemon.json to which our settings are added. */
function readJson(bytes: Buffer): void {
  const options: DaemonOptions = { daemonJson: bytes.toString('utf8'), tls: tlsFilesIn('/etc/docker/tls') }
  const rendered = readDaemonJson(renderDaemonJson(options))
  demand(rendered['tlsverify'] === true, 'our settings are missing')
  daemonWarnings(options)
}

/** The five files behind each other: passwd, group, subuid, subgid, login.defs. */
function readAccountFiles(bytes: Buffer): void {
  const [passwd = '', group = '', subuid, subgid, loginDefs] = bytes.toString('utf8').split('\f')
  parseSubids(subuid ?? '')
  const { rootUid, rootGid } = planUserns('default', { passwd, group, subuid, subgid, loginDefs })
  demand(Number.isSafeInteger(rootUid + rootGid), 'an id is not an integer')
}

export const targets: readonly Target[] = [
  {
    name: 'unit',
    read: readUnit,
    words: [
      '\\\n',
      '"',
      "'",
      '\\x41',
      '$',
      '${X}',
      '%i',
      '%%',
      '[Service]\n',
      'ExecStart=',
      'EnvironmentFile=',
      ' -H ',
      '\f',
      '\\',
    ],
    accepts: 0.05,
  },
  {
    name: 'daemon-json',
    read: readJson,
    format: 'json',
    words: ['"hosts":', '"proxies":'],
    pace: 2,
    longest: 256 * 1024,
  },
  { name: 'account-files', read: readAccountFiles, words: [':', '\n', '\f', 'dockremap', '4294967295'], accepts: 0.02 },
  {
    name: 'data-facts',
    read: (bytes) => demand(Array.isArray(parseDataFacts(bytes.toString('utf8')).parents), 'there are no parents'),
    words: ['\ncontainers ', '\nimages ', ' - ', 'parent '],
  },
]
