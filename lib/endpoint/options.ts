import { option, sentence, type Sentence } from '../base/sentence.ts'
import { types } from 'node:util'
import { LONGEST_TIMER } from '../base/abort.ts'
import { ArgumentError } from '../base/errors.ts'
import { suggestOption } from './option-hint.ts'
import { parseProxy } from './proxy.ts'
import { enumerate, printable } from '../base/text.ts'

/**
 * Which daemon to connect to, with which client certificate, and how.
 *
 * If you pass any of `host`, `context`, `certPath`, `ca`, `cert` and `key`, the environment is ignored for all of them.
 * The other options apply to an endpoint from any source.
 */
export interface EndpointOptions {
  /** The daemon, in any form of DOCKER_HOST: see {@link parseHost}. Not together with `context`. */
  readonly host?: string | undefined
  /** The name of a docker context in DOCKER_CONFIG or `~/.docker`. `default` is the local socket. */
  readonly context?: string | undefined
  /** The folder of `ca.pem`, `cert.pem` and `key.pem`. It replaces a context's own credentials. */
  readonly certPath?: string | undefined
  /** The PEM text itself, instead of `certPath`. Always pass `ca`, `cert` and `key` together. */
  readonly ca?: string | Uint8Array | undefined
  /** See `ca`. */
  readonly cert?: string | Uint8Array | undefined
  /** See `ca`. */
  readonly key?: string | Uint8Array | undefined
  /** The passphrase of an encrypted key. */
  readonly passphrase?: string | Uint8Array | undefined
  /**
   * Allows port 2375 for a daemon that uses TLS on it. TLS and its checks stay the same.
   *
   * @defaultValue false
   */
  readonly tlsOnPort2375?: boolean | undefined
  /** Pins the Engine API version: `1.44` or `v1.44`. Without it the version is negotiated. */
  readonly apiVersion?: string | undefined
  /**
   * The time limit for everything before a call is sent (waiting for a connection, DNS, TCP, TLS, a proxy, an ssh login), in
   * milliseconds.
   *
   * @defaultValue 10,000 ms
   */
  readonly connectTimeout?: number | undefined
  /**
   * How long `connect()` waits for a daemon that isn't up yet, in milliseconds: while its host name is unknown, nothing listens,
   * it doesn't answer, or the certificate files don't exist. Any other failure ends the wait at once. When the time is up,
   * `connect()` throws the last failure.
   *
   * @defaultValue it doesn't wait
   */
  readonly waitFor?: number | undefined
  /**
   * The longest answer that a call reads whole, such as a list, in bytes. It may contain one JSON value for every 16 bytes of
   * this limit. Streams have no limit.
   *
   * @defaultValue 67,108,864 (64 MiB); a list of 10,000 containers has 56 MB
   */
  readonly maxAnswerBytes?: number | undefined
  /**
   * The HTTP proxy to connect through, as `http://PROXY:PORT` or `http://USER:PASSWORD@PROXY:PORT`, for TCP hosts only.
   * TLS runs through it from here to the daemon, with all checks. The connection to the proxy itself isn't encrypted, so
   * its password can be read on that part of the network.
   *
   * @defaultValue no proxy; HTTPS_PROXY and similar variables are ignored
   */
  readonly proxy?: string | undefined
  /** Cancels the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** A `.env` file to read DOCKER_* variables from. Without it, no `.env` file is read. */
  readonly envFile?: string | undefined
  /**
   * The client certificate was issued by a CA that isn't in `ca.pem`, as some gateways require.
   *
   * @defaultValue false
   */
  readonly foreignClientCa?: boolean | undefined
}

type OptionName = keyof EndpointOptions

/** The expected value of each option, for messages. The keys are all known options. */
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
  waitFor: 'a number of milliseconds from 1 to 2147483647',
  maxAnswerBytes: 'a number of bytes, 1 or more',
  proxy: 'a string such as http://PROXY:3128',
  signal: 'an AbortSignal',
  envFile: 'the path of a file',
  foreignClientCa: 'true or false',
}

const PASS_OBJECT = "Pass  { host: 'tcp://HOST:2376' }"

/** Checks the names and types of the options, and that no two of them contradict each other. */
export async function checkEndpointOptions(options: unknown): Promise<EndpointOptions> {
  if (typeof options === 'string') throw invalidArgument('the options', 'they are a string', PASS_OBJECT)
  const { z } = await import('zod/v3')
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
    waitFor: z.number().min(1).max(LONGEST_TIMER).optional(),
    maxAnswerBytes: z.number().int().min(1).optional(),
    proxy: text.optional(),
    signal: z.custom<AbortSignal>(isSignal).optional(),
    envFile: text.optional(),
    foreignClientCa: z.boolean().optional(),
  })
  const checked = schema.safeParse(options)
  if (!checked.success) throw optionError(checked.error.issues)
  refuseContradictions(checked.data)
  if (checked.data.proxy !== undefined) parseProxy(checked.data.proxy)
  return checked.data
}

/** Checks the shape instead of the class, since the signal may come from another realm or a polyfill. */
function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value
}

interface Issue {
  readonly code?: string | undefined
  readonly path: readonly PropertyKey[]
  readonly keys?: readonly string[]
}

/**
 * Reports an unknown name before a wrong type, since a misspelled name is the likelier cause. The message contains no values,
 * which may be secrets.
 */
function optionError(issues: readonly Issue[]): ArgumentError {
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys')?.keys?.[0]
  if (unknown !== undefined) {
    return new ArgumentError('ERR_OPTION_UNKNOWN', {
      tried: `the option ${printable(unknown)}`,
      got: 'this option does not exist',
      todo: suggestOption(unknown, Object.keys(EXPECTED)),
    })
  }
  const name = issues[0]?.path[0]
  if (!isOption(name)) return invalidArgument('the options', 'they are not an object', PASS_OBJECT)
  return invalidArgument(sentence`the option ${option(name)}`, `it is not ${EXPECTED[name]}`, `Pass ${EXPECTED[name]}.`)
}

function isOption(name: PropertyKey | undefined): name is OptionName {
  return typeof name === 'string' && Object.hasOwn(EXPECTED, name)
}

function invalidArgument(tried: Sentence, got: Sentence, todo: Sentence): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried, got, todo })
}

function refuseContradictions({ host, context, certPath, ca, cert, key }: EndpointOptions): void {
  const values = Object.entries({ ca, cert, key })
  const given = values.filter(([, value]) => value !== undefined).map(([name]) => name)
  const missing = values.filter(([, value]) => value === undefined).map(([name]) => name)
  if (host !== undefined && context !== undefined) {
    throw invalidArgument(
      sentence`the options ${option('host')} and ${option('context')}`,
      'each of them names a daemon',
      'Use only one of them.',
    )
  }
  if (certPath !== undefined && given.length > 0) {
    throw invalidArgument(
      sentence`the options ${option('certPath')} and ${enumerate(given)}`,
      'both of them name a client certificate',
      sentence`Use either ${option('certPath')}, or ca, cert and key.`,
    )
  }
  if (given.length > 0 && missing.length > 0) {
    const got = `${enumerate(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`
    throw invalidArgument('the options ca, cert and key', got, 'Pass all three.')
  }
}
