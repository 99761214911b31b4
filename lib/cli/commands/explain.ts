import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { DetailedExplanation, DetailedStep } from '../../endpoint/explain.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { CommandSpec, Context } from '../command.ts'
import { errorReport, errorText, exitCodeOf } from '../errors.ts'
import { nameSource } from '../../endpoint/resolution-log.ts'
import { addEndpointOptions, addJson, endpointOptions, type EndpointFlags } from '../command-line/options.ts'
import type { Style } from '../../base/terminal/colours.ts'
import { facts } from '../terminal/layout.ts'
import { wrap } from '../../base/wrap.ts'

interface ExplainFlags extends EndpointFlags {
  readonly json?: true
}

async function runExplain(flags: ExplainFlags, context: Context): Promise<void> {
  const { explainInDetail, plainStep } = await import('../../endpoint/explain.ts')
  const explanation = await explainInDetail(endpointOptions(flags), context.io.env)
  const { endpoint, error, steps } = explanation
  const text = `${verdictText(explanation, context)}\n\n${stepsText(steps, context)}\n`
  const data = {
    ...(endpoint !== undefined && { endpoint: { url: formatEndpoint(endpoint), ...endpoint } }),
    ...(error !== undefined && errorReport(error, context.io.env)),
    steps: steps.map(plainStep),
  }
  const exitCode = error === undefined ? 0 : exitCodeOf(error)
  if (error !== undefined && flags.json === true) context.say(errorLine(error, context))
  context.answer({ data, text, warnings: endpoint?.warnings ?? [], exitCode }, flags)
}

function verdictText({ endpoint, error }: DetailedExplanation, { io, paint, width, typed }: Context): string {
  if (endpoint === undefined) return errorLine(error, { io, paint })
  const rows: [string, string][] = [
    ['Endpoint', formatEndpoint(endpoint)],
    ['Selected by', typed(nameSource(endpoint.source))],
    ...(endpoint.kind === 'tls' ? [['Identity', endpoint.certPath ?? 'given as values'] as [string, string]] : []),
    ['API version', endpoint.apiVersion ?? 'to be negotiated'],
  ]
  return facts(rows, { paint, width })
}

/** As every command prints it. */
function errorLine(error: unknown, { io, paint }: Pick<Context, 'io' | 'paint'>): string {
  const { code, text } = errorText(error, io.env)
  return `${paint('red', `${code}:`)} ${text}`
}

const STYLES: Readonly<Record<DetailedStep['verdict'], Style>> = {
  chosen: 'green',
  refused: 'red',
  ignored: 'yellow',
  'not set': 'dim',
}

/** The steps, one by one; variables that nobody set share one line. */
function stepsText(steps: readonly DetailedStep[], context: Context): string {
  const { paint, width } = context
  const unset = steps.filter(({ isAbsent }) => isAbsent)
  const shown = steps.filter((step) => !unset.includes(step))
  const lines = shown.map((step) => stepText(step, context))
  const variables = unset.filter(({ source }) => !source.startsWith('option')).map(({ source }) => source)
  const rest = variables.length === 0 ? [] : [paint('dim', wrap(`Not set: ${variables.join(', ')}`, width))]
  return [...lines, ...rest].join('\n')
}

const VERDICT_WIDTH = Math.max(...Object.keys(STYLES).map(({ length }) => length))

function stepText({ source, value, verdict, because }: DetailedStep, { paint, width, typed }: Context): string {
  const indent = ' '.repeat(VERDICT_WIDTH + 2)
  const name = source === 'arguments' ? 'the options' : typed(nameSource(source))
  const what = value === undefined ? name : `${name}: ${value}`
  const head = `${paint(STYLES[verdict], verdict.padEnd(VERDICT_WIDTH))}  ${paint('bold', what)}`
  return `${head}\n${wrap(typed(because), width, indent)}`
}

function define(command: Command, context: Context): void {
  addEndpointOptions(command)
  addJson(command).action((flags: ExplainFlags) => runExplain(flags, context))
}

export const explain: CommandSpec = {
  description:
    'Shows which daemon the options, the DOCKER_* variables and the docker context select, and why. It makes no connection ' +
    'and reads no certificate. Exit code 1 if they select none, or one that is refused; 2 if a value is invalid.',
  examples: [
    [sentence`${SELF} explain`, 'which daemon do my variables select?'],
    [sentence`${SELF} explain --dotenv docker-mtls/clients/alice/.env`, 'which daemon does this file select?'],
    [sentence`${SELF} explain --host build01.example.com --cert-path ~/.docker`, 'what would these options select?'],
  ],
  json: '{ endpoint: { url, kind, host, port, prefix, source, certPath, ... } or error: { code, message, ... },\n  steps: [{ source, value, verdict, because }] }',
  stray: (extra) => sentence`Name the host with an option:  ${SELF} explain --host ${extra}`,
  define,
}
