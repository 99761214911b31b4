import type { DetailedDiagnosis } from '../../audit/doctor/diagnose.ts'
import type { DetailedStep, StepName, StepStatus } from '../../audit/doctor/step.ts'
import { partsOf, type Sentence } from '../../base/sentence.ts'
import { printableLines } from '../../base/text.ts'
import type { Context } from '../command.ts'
import { wrap } from '../../base/wrap.ts'
import type { Style } from '../../base/terminal/colours.ts'

/** The steps as a person reads them; --json keeps the stable names. */
const LABELS: Readonly<Record<StepName, string>> = {
  endpoint: 'Endpoint',
  identity: 'Your files',
  proxy: 'Proxy',
  resolve: 'Name',
  tcp: 'TCP',
  tls: 'TLS',
  ca: "Server's CA",
  names: "Server's names",
  dates: "Server's dates",
  client: 'Your certificate',
  ssh: 'ssh',
  login: 'Login',
  'remote-docker': 'Remote Docker',
  socket: 'Socket',
  api: 'API',
  clock: 'Clocks',
  anonymous: 'Without a certificate',
  'accepted-cas': 'Accepted CAs',
  'server-certificate': "Server's key",
  neighbours: 'Other ports',
  expiry: 'Expiry',
}

const STYLES: Readonly<Record<StepStatus, Style>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  unknown: 'yellow',
  skipped: 'dim',
}

const STATUS_WIDTH = Math.max(...Object.keys(STYLES).map(({ length }) => length))
const INDENT = ' '.repeat(STATUS_WIDTH + 2)

/** One line for each finding, then one for the remedy; the conclusion is last, where a terminal shows it. */
export function doctorText(diagnosis: DetailedDiagnosis, context: Context): string {
  const { steps } = diagnosis
  const skipped = steps.filter(({ status }) => status === 'skipped')
  const shown = steps.filter((step) => !skipped.includes(step) || step === skipped[0])
  const lines = shown.map((step) => (step === skipped[0] ? skippedText(skipped, context) : stepText(step, context)))
  return `${lines.join('\n')}\n\n${conclusion(diagnosis, context)}\n`
}

function stepText({ step, status, finding, remedy }: DetailedStep, context: Context): string {
  const text = printableLines(context.typed(finding))
  const line = headed(status, `${LABELS[step]}: ${withStop(text)}`, context)
  return remedy === undefined ? line : [line, ...remedyLines(remedy, context)].join('\n')
}

function skippedText(skipped: readonly DetailedStep[], context: Context): string {
  const names = skipped.map(({ step }) => LABELS[step]).join(', ')
  return headed('skipped', `${names}: not checked, because an earlier step failed.`, context)
}

function headed(status: StepStatus, text: string, { paint, width }: Context): string {
  const label = /^[^:]*:/.exec(text)?.[0] ?? ''
  const wrapped = wrap(text, width, INDENT).slice(INDENT.length)
  const styled = wrapped.startsWith(label) ? paint('bold', label) + wrapped.slice(label.length) : wrapped
  return `${paint(STYLES[status], status.padEnd(STATUS_WIDTH))}  ${styled}`
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** A command after two spaces gets a line of its own, so that it can be copied; others stay within the text. */
function remedyLines(remedy: Sentence, { typed, width }: Context): string[] {
  const lines: string[] = []
  let text = ''
  const flush = (): void => {
    if (text.trim() !== '') lines.push(wrap(printableLines(text.trim()), width, INDENT))
    text = ''
  }
  for (const part of partsOf(remedy)) {
    const shown = typed([part])
    if (typeof part === 'string' || !text.endsWith('  ')) text += shown
    else {
      flush()
      lines.push(`${INDENT}  ${printableLines(shown)}`)
    }
  }
  flush()
  return lines
}

function conclusion({ connects, steps }: DetailedDiagnosis, { paint, width }: Context): string {
  const count = (status: StepStatus): number => steps.filter((step) => step.status === status).length
  const warnings = `${count('warning')} ${count('warning') === 1 ? 'warning' : 'warnings'}`
  const failures = steps.filter(({ status }) => status === 'failed')
  if (!connects) {
    const [first] = failures
    const at = first === undefined ? '' : `: see "${LABELS[first.step]}"`
    return paint('red', wrap(`You can't connect${at}.`, width))
  }
  if (failures.length > 0)
    return paint('red', wrap(`You can connect, but so can others: see the failures above.`, width))
  const rest = count('warning') === 0 ? '.' : `, with ${warnings}.`
  return paint(count('warning') === 0 ? 'green' : 'yellow', wrap(`You can connect${rest}`, width))
}
