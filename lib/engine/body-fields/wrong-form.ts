import { ArgumentError } from '../../base/errors.ts'
import { typeName } from '../../base/options.ts'
import { shown } from '../description.ts'
import { choice } from '../query.ts'
import { valuesOf, type Fault } from './find.ts'

const FORMS: Readonly<Record<string, string>> = {
  s: 'a string',
  i: 'an integer',
  n: 'a number',
  b: 'true or false',
  '[': 'an array',
}

const NANOSECONDS = 'nanoseconds; for 10 seconds:  10 * 1e9'
const BYTES = 'bytes; for 512 MiB:  512 * 1024 ** 2'

/** What to write in a field that users of the docker command write in another way, by its name. */
const EXAMPLES: Readonly<Record<string, string>> = {
  Binds: "['/on/the/host:/in/the/container']",
  Cmd: "['ls', '-l']",
  Entrypoint: "['sh', '-c']",
  Env: "['NAME=value']",
  ExposedPorts: "{ '80/tcp': {} }",
  HostPort: "'8080'",
  Labels: "{ stage: 'test' }",
  PortBindings: "{ '80/tcp': [{ HostPort: '8080' }] }",
  RestartPolicy: "{ Name: 'always' }",
  Test: "['CMD', 'true']",
  Volumes: "{ '/data': {} }",
}

/** What a number counts, by the name of its field. */
const UNITS: Readonly<Record<string, string>> = {
  Delay: NANOSECONDS,
  Interval: NANOSECONDS,
  Memory: BYTES,
  MemoryBytes: BYTES,
  MemoryReservation: BYTES,
  MemorySwap: BYTES,
  Monitor: NANOSECONDS,
  NanoCPUs: 'billionths of a CPU; for half a CPU:  0.5 * 1e9',
  NanoCpus: 'billionths of a CPU; for half a CPU:  0.5 * 1e9',
  ShmSize: BYTES,
  SizeBytes: BYTES,
  StartInterval: NANOSECONDS,
  StartPeriod: NANOSECONDS,
  StopGracePeriod: NANOSECONDS,
  StopTimeout: 'seconds',
  Timeout: NANOSECONDS,
  Window: NANOSECONDS,
}

/** The error for a value that the daemon can't read. It doesn't show a text, which may be a secret. */
export function wrongForm(of: string, fault: Fault & { readonly kind: 'form' }): ArgumentError {
  const { where, field, value, form } = fault
  if (form.startsWith('s=')) return wrongChoice(of, where, value, choice(valuesOf(form)))
  const wanted = FORMS[form] ?? FORMS[form.charAt(0)] ?? 'an object'
  const found = typeof value === 'number' && form === 'i' ? String(value) : typeName(value)
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the body of ${of}()`,
    got: `${where.join('.') || 'it'} is ${found}, not ${wanted}`,
    todo: remedy(field, form, wanted),
  })
}

function wrongChoice(of: string, where: readonly string[], value: unknown, choices: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the body of ${of}()`,
    got: `${where.join('.')} is ${shown(value)}`,
    todo: `Pass ${choices}.`,
  })
}

function remedy(field: string, form: string, wanted: string): string {
  const unit = form === 'i' ? UNITS[field] : undefined
  if (unit !== undefined) return `Pass an integer, the number of ${unit}`
  const example = EXAMPLES[field]
  return `Pass ${wanted}.${example === undefined ? '' : ` For example:  ${field}: ${example}`}`
}
