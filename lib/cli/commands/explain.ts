import { SELF, sentence } from '../../base/sentence.ts'
import type { Command } from 'commander'
import type { DetailedExplanation, DetailedStep } from '../../endpoint/explain.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import type { CommandSpec, Context } from '../command.ts'
import { errorReport, errorText } from '../errors.ts'
import { nameSource } from '../../endpoint/resolution-log.ts'
import { addEndpointOptions, addJson, endpointOptions, type EndpointFlags } from '../command-line/options.ts'
import { facts, wrap, type Style } from '../terminal/layout.ts'

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
  context.answer({ data, text, warnings: endpoint?.warnings ?? [], failed: error !== undefined }, flags)
}

function verdictText({ endpoint, error }: DetailedExplanation, { io, paint, width, typed }: Context): string {
  if (endpoint === undefined) {
    const { code, text } = errorText(error, io.env)
    return `${paint('red', `${code}:`)} ${text}`
  }
  const rows: [string, string][] = [
    ['Endpoint', formatEndpoint(endpoint)],
    ['Decided by', typed(nameSource(endpoint.source))],
    ...(endpoint.kind === 'tls' ? [['Identity', endpoint.certPath ?? 'given as values'] as [string, string]] : []),
    ['API version', endpoint.apiVersion ?? 'to be negotiated'],
  ]
  return facts(rows, { paint, width })
}

const STYLES: Readonly<Record<DetailedStep['verdict'], Style>> = {
  chosen: 'green',
  refused: 'red',
  'passed over': 'yellow',
  'not set': 'dim',
}

/** What decided, and what could have; the many that nobody set are said in one line. */
function stepsText(steps: readonly DetailedStep[], context: Context): string {
  const { paint, width } = context
  const silent = steps.filter(({ isAbsent }) => isAbsent)
  const shown = steps.filter((step) => !silent.includes(step))
  const lines = shown.map((step) => stepText(step, context))
  const variables = silent.filter(({ source }) => !source.startsWith('option')).map(({ source }) => source)
  const rest = variables.length === 0 ? [] : [paint('dim', wrap(`Not set: ${variables.join(', ')}`, width))]
  return [...lines, ...rest].join('\n')
}

/** As wide as the longest verdict. */
const VERDICT_WIDTH = 11

function stepText({ source, value, verdict, because }: DetailedStep, { paint, width, typed }: Context): string {
  const indent = ' '.repeat(VERDICT_WIDTH + 2)
  const name = typed(nameSource(source))
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
    'Says which daemon the options, the DOCKER_* variables and the docker context mean, and why. ' +
    'It connects to nothing, and reads no certificate. Exit code 1 where the answer is an error.',
  examples: [
    [sentence`${SELF} explain`, 'what do my variables mean?'],
    [sentence`${SELF} explain --dotenv docker-mtls/clients/alice/.env`, 'what does this file mean?'],
    [sentence`${SELF} explain --host build01.example.com --cert-path ~/.docker`, 'what would that host mean?'],
  ],
  json: '{ endpoint: { url, kind, host, port, prefix, source, certPath, ... } or error: { code, message, ... },\n  steps: [{ source, value, verdict, because }] }',
  stray: (extra) => sentence`A host is an option:  ${SELF} explain --host ${extra}`,
  define,
}
