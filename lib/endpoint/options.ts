import { option, sentence, type Sentence } from '../base/sentence.ts'
import { types } from 'node:util'
import { LONGEST_TIMER } from '../base/abort.ts'
import { ArgumentError } from '../base/errors.ts'
import { meantOption } from './option-hint.ts'
import { parseProxy } from './proxy.ts'
import { printable } from '../base/text.ts'

/**
 * Which daemon, who we are to it, and how to reach it.
 *
 * `host`, `context`, `certPath`, `ca`, `cert` and `key` say *where and who*: any of them switches the environment off
 * for all of them. The others say *how*, and go with an endpoint from any source.
 */
export interface EndpointOptions {
  /** Any form that DOCKER_HOST may have: see {@link parseHost}. Not together with `context`. */
  readonly host?: string | undefined
  /** The name of a docker context, looked for in DOCKER_CONFIG or `~/.docker`. `default` is the local socket. */
  readonly context?: string | undefined
  /** The folder that holds `ca.pem`, `cert.pem` and `key.pem`. Takes the place of a context's own credentials. */
  readonly certPath?: string | undefined
  /** In place of `certPath`, the PEM text itself; always `ca`, `cert` and `key` together. */
  readonly ca?: string | Uint8Array | undefined
  /** See `ca`. */
  readonly cert?: string | Uint8Array | undefined
  /** See `ca`. */
  readonly key?: string | Uint8Array | undefined
  /** Opens an encrypted key. */
  readonly passphrase?: string | Uint8Array | undefined
  /**
   * The daemon speaks TLS on port 2375, which is refused otherwise. TLS and its checks stay as they are.
   *
   * @defaultValue false
   */
  readonly tlsOnPort2375?: boolean | undefined
  /** Pins the Engine API version: `1.44` or `v1.44`. Without it the version is negotiated. */
  readonly apiVersion?: string | undefined
  /**
   * How long all that comes before the first request may take (TCP and TLS, a proxy, a login by ssh), in milliseconds.
   *
   * @defaultValue 10,000 ms
   */
  readonly connectTimeout?: number | undefined
  /**
   * The HTTP proxy to go through, as `http://PROXY:PORT`, with `USER:PASSWORD@` before PROXY where it asks for them. TLS
   * goes through it from here to the daemon, with all of its checks. For TCP hosts only; the way to the proxy itself is
   * not encrypted, so its password is no secret there.
   *
   * @defaultValue none, whatever HTTPS_PROXY and its like say
   */
  readonly proxy?: string | undefined
  /** Gives the whole up; the promise is rejected with the signal's own reason. */
  readonly signal?: AbortSignal | undefined
  /** A `.env` file to read DOCKER_* variables from. None is read that isn't named. */
  readonly envFile?: string | undefined
  /**
   * The client certificate is issued by another authority than those in `ca.pem`, as some gateways want it.
   *
   * @defaultValue false
   */
  readonly foreignClientCa?: boolean | undefined
}

type OptionName = keyof EndpointOptions

/** What each option has to be, for messages; its keys are all options that there are. */
const EXPECTED: Readonly<Record<OptionName, string>> = {
  host: 'a string that is not empty, such as tcp://HOST:2376',
  context: 'the name of a docker context',
  certPath: 'the path of a folder',
  ca: 'PEM, as a string or a Uint8Array',
  cert: 'PEM, as a string or a Uint8Array',
  key: 'PEM, as a string or a Uint8Array',
  passphrase: 'a string or a Uint8Array, and not empty',
  tlsOnPort2375: 'true or false',
  apiVersion: 'a string such as 1.44',
  connectTimeout: 'a number of milliseconds from 1 to 2147483647',
  proxy: 'a string such as http://PROXY:3128',
  signal: 'an AbortSignal',
  envFile: 'the path of a file',
  foreignClientCa: 'true or false',
}

/** Checks what a caller passed: names, types, and that no two options contradict each other. */
export async function checkOptions(options: unknown): Promise<EndpointOptions> {
  if (typeof options === 'string') throw invalid('the options', 'they are text', "Give  { host: 'tcp://HOST:2376' } .")
  const { z } = await import('zod')
  const text = z.string().min(1)
  const bytes = z.union([text, z.custom<Uint8Array>((value) => types.isUint8Array(value) && value.length > 0)])
  const schema = z.strictObject({
    host: text.optional(),
    context: text.optional(),
    certPath: text.optional(),
    ca: bytes.optional(),
    cert: bytes.optional(),
    key: bytes.optional(),
    passphrase: bytes.optional(),
    tlsOnPort2375: z.boolean().optional(),
    apiVersion: text.optional(),
    connectTimeout: z.number().min(1).max(LONGEST_TIMER).optional(),
    proxy: text.optional(),
    signal: z.custom<AbortSignal>(isSignal).optional(),
    envFile: text.optional(),
    foreignClientCa: z.boolean().optional(),
  })
  const checked = schema.safeParse(options)
  if (!checked.success) throw mistake(checked.error.issues)
  refuseContradictions(checked.data)
  if (checked.data.proxy !== undefined) parseProxy(checked.data.proxy)
  return checked.data
}

/** By its shape, since a signal may come from another realm or a polyfill. */
function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value
}

interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
}

/** An unknown key before a wrong type: a typo in the name of an option explains more. Values are never shown. */
function mistake(issues: readonly Issue[]): ArgumentError {
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys')?.keys?.[0]
  if (unknown !== undefined) {
    return new ArgumentError('ERR_OPTION_UNKNOWN', {
      tried: `the option ${printable(unknown)}`,
      got: 'there is no such option',
      todo: meantOption(unknown, Object.keys(EXPECTED)),
    })
  }
  const name = issues[0]?.path[0]
  const expected = isOption(name) ? EXPECTED[name] : 'an object'
  return invalid(isOption(name) ? `the option ${name}` : 'the options', `it is not ${expected}`, `Give ${expected}.`)
}

function isOption(name: PropertyKey | undefined): name is OptionName {
  return typeof name === 'string' && Object.hasOwn(EXPECTED, name)
}

function invalid(tried: Sentence, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried, got, todo })
}

function refuseContradictions({ host, context, certPath, ca, cert, key }: EndpointOptions): void {
  const values = Object.entries({ ca, cert, key })
  const given = values.filter(([, value]) => value !== undefined).map(([name]) => name)
  const missing = values.filter(([, value]) => value === undefined).map(([name]) => name)
  if (host !== undefined && context !== undefined) {
    throw invalid(
      sentence`the options ${option('host')} and ${option('context')}`,
      'each names a daemon',
      'Give one of them.',
    )
  }
  if (certPath !== undefined && given.length > 0) {
    throw invalid(`the options certPath and ${given.join(', ')}`, 'each says who we are', 'Give one or the other.')
  }
  if (given.length > 0 && missing.length > 0) {
    const got = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`
    throw invalid(`the options ca, cert and key`, got, 'Give all three, or certPath in their place.')
  }
}
