import { ConnectionError } from './errors.ts'
import { command, sentence } from './sentence.ts'

/**
 * Another runtime than Node.js, such as `Deno 2.9.6` or `Bun 1.4.5`. Their node:tls isn't OpenSSL, and they say that they are
 * some version of Node.js.
 */
export interface ForeignRuntime {
  readonly name: 'Bun' | 'Deno'
  readonly version: string
}

/** The runtime of this process; undefined for Node.js. */
export const FOREIGN_RUNTIME: ForeignRuntime | undefined = foreignRuntime(process.versions)

/** Reads `process.versions`. */
export function foreignRuntime({ bun, deno }: NodeJS.ProcessVersions): ForeignRuntime | undefined {
  if (bun !== undefined) return { name: 'Bun', version: bun }
  return deno === undefined ? undefined : { name: 'Deno', version: deno }
}

/**
 * Refuses work that needs the TLS of Node.js: Deno and Bun don't show a certificate that they refuse, and offer no old TLS
 * versions.
 *
 * @throws {@link ConnectionError} ERR_RUNTIME_UNSUPPORTED
 */
export function refuseForeignRuntime(tried: string, runtime: ForeignRuntime | undefined = FOREIGN_RUNTIME): void {
  if (runtime === undefined) return
  const { name, version } = runtime
  throw new ConnectionError('ERR_RUNTIME_UNSUPPORTED', {
    tried,
    got: `this is ${name} ${version}, whose TLS doesn't show the certificates that it refuses and can't inspect every server`,
    todo: sentence`Run it with Node.js. On this runtime, docker-mtls is only a client:  ${command('npx', 'docker-mtls')}`,
  })
}
