import type { AuditReport, ReportedFinding } from '../../report.ts'
import type { Status } from '../../verdict.ts'
import { nameOf } from '../../subject.ts'
import { plural } from '../words.ts'
import { code } from './labels.ts'
import { html, type Content, type Html } from './markup.ts'
import { scrolled } from './others.ts'
import { groupBy } from '../../../base/group-by.ts'

interface Column {
  readonly head: string
  /** Checks that answer it, and the word for the privilege that each finds. */
  readonly checks: Readonly<Record<string, string>>
}

const COLUMNS: readonly Column[] = [
  { head: 'Privileged', checks: { 'C-PRIV': 'privileged', 'C-EXEC': 'exec' } },
  { head: 'Capabilities', checks: { 'C-CAPS': 'added' } },
  {
    head: 'Host namespaces',
    checks: { 'C-NET': 'network', 'C-PID': 'PID', 'C-IPC': 'IPC', 'C-UTS': 'UTS', 'C-USERNS': 'user' },
  },
  { head: 'Sockets', checks: { 'C-SOCK': 'Docker', 'C-SOCKETS': 'other engine', 'C-DOCKERHOST': 'no TLS' } },
  {
    head: 'Host folders',
    checks: { 'C-HOSTDIR': 'folder', 'C-VOLBIND': 'volume', 'C-MOUNTDRV': 'driver', 'C-VOLFROM': 'volumes-from' },
  },
  { head: 'Devices', checks: { 'C-DEV': 'device' } },
  { head: 'Root user', checks: { 'C-USER': 'root' } },
  {
    head: 'Unconfined',
    checks: { 'C-SECCOMP': 'seccomp', 'C-APPARMOR': 'AppArmor', 'C-LABEL': 'SELinux', 'C-MASK': '/proc' },
  },
]
const WORDS = new Map(COLUMNS.flatMap(({ checks }) => Object.entries(checks)))
/** More rows are no picture any more. */
const MOST = 50
const WEIGHTS = { critical: 1000, high: 100, medium: 10, low: 1 } as const

interface Container {
  readonly name: string
  readonly findings: readonly ReportedFinding[]
}

/** Which container has which privilege, the worst first. Containers without any are counted alone. */
export function privilegeMatrix({ findings }: AuditReport): Html {
  const relevant = findings.filter(({ check, subject }) => subject.kind === 'container' && WORDS.has(check))
  const all = [...groupBy(relevant, ({ subject }) => (subject.kind === 'daemon' ? '' : subject.id)).values()].map(
    (found): Container => ({ name: found[0] ? nameOf(found[0].subject) : '', findings: found.filter(isShown) }),
  )
  const some = all
    .filter(({ findings: found }) => found.some(isGiven))
    .toSorted((one, other) => weigh(other) - weigh(one))
  if (some.length === 0) return html``
  const columns = COLUMNS.filter(({ checks }) => some.some((one) => one.findings.some(({ check }) => check in checks)))
  const unclear = all.filter(({ findings: found }) => found.length > 0 && !found.some(isGiven)).length
  const without = all.length - some.length - unclear
  const rest = [
    ...(some.length > MOST ? [`${some.length - MOST} more containers have privileges: see the findings.`] : []),
    ...(unclear > 0 ? [`Of ${plural(unclear, 'more container')}, not everything could be seen.`] : []),
    ...(without > 0 ? [`${plural(without, 'container')} without any.`] : []),
  ]
  return html`${scrolled(
      'Containers and their privileges',
      html`<table class="matrix">
        <caption>
          Containers and their privileges
        </caption>
        <thead>
          <tr>
            <th scope="col">Container</th>
            ${columns.map(({ head }) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${some.slice(0, MOST).map((one) => row(one, columns))}
        </tbody>
      </table>`,
    )}
    <p class="hint">${legend()}${rest.map((text) => html` ${text}`)}</p>`
}

function isGiven({ status }: ReportedFinding): boolean {
  return status === 'fail' || status === 'warn'
}

function isShown({ status }: ReportedFinding): boolean {
  return status === 'fail' || status === 'warn' || status === 'unknown'
}

function weigh({ findings }: Container): number {
  return findings.reduce((sum, { status, severity }) => {
    return sum + (status === 'fail' ? WEIGHTS[severity] : status === 'warn' ? WEIGHTS[severity] / 10 : 0)
  }, 0)
}

function row({ name, findings }: Container, columns: readonly Column[]): Html {
  return html`<tr>
    <th scope="row">${code(name)}</th>
    ${columns.map((column) => cell(findings.filter(({ check }) => check in column.checks)))}
  </tr>`
}

const RANK: readonly Status[] = ['fail', 'warn', 'unknown']

function cell(findings: readonly ReportedFinding[]): Html {
  const worst = RANK.find((status) => findings.some((finding) => finding.status === status))
  if (worst === undefined) return html`<td class="none"><span class="unseen">none</span></td>`
  if (worst === 'unknown') return html`<td class="unknown">${mark('unknown', 'unknown')}</td>`
  // Beside what is certain, what could not be seen adds nothing to a picture.
  const given = findings.filter(isGiven).toSorted((one, other) => RANK.indexOf(one.status) - RANK.indexOf(other.status))
  return html`<td class="${worst}">${given.map(word)}</td>`
}

/** Shapes as well as colours: a filled mark fails, an open one is a warning. */
const MARKS: Readonly<Record<string, readonly [mark: string, meaning: string]>> = {
  fail: ['■', 'fail'],
  warn: ['□', 'warning'],
  unknown: ['?', 'unknown'],
}

function word({ check, status, exception }: ReportedFinding): Html {
  const accepted = exception === undefined ? undefined : ' (accepted)'
  return mark(status, [WORDS.get(check), html`<span class="unseen">, ${MARKS[status]?.[1]}</span>`, accepted])
}

function mark(status: Status, content: Content): Html {
  return html`<span class="mark"><span aria-hidden="true">${MARKS[status]?.[0]}</span> ${content}</span>`
}

function legend(): Html {
  return html`${Object.values(MARKS).map(([shape, meaning]) => `${shape} ${meaning}. `)}`
}
