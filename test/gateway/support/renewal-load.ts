import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Interrupted, SIGINT_CODE } from '../../../lib/cli/terminal/io.ts'
import { createDispatcher, loadIdentity, parseHost } from '../../../lib/index.ts'
import { createIssuer, issueClient } from '../../../lib/pki.ts'
import { collect } from '../../../lib/transport/send.ts'
import { runCli } from '../../cli/support/run-cli.ts'
import { temporaryFolder, type Cleanable } from '../../support/temporary.ts'
import { writeClient } from '../../transport/support/credentials.ts'
import { credentials, fakeDaemon, front } from './fixture.ts'

export interface Load {
  /** Of a certificate, in seconds. */
  readonly life: number
  /** How long it lasts, in seconds. */
  readonly seconds: number
}

export interface Carried {
  /** How often each answer came: a status, or the code of an error. */
  readonly answers: ReadonlyMap<string, number>
  /** The lines of `client renew --watch --json`. */
  readonly lines: readonly string[]
  readonly exitCode: number
  readonly folder: string
  /** What the gateway says that it has renewed. */
  readonly renewals: number
  /** What the gateway says that has failed. */
  readonly failures: readonly string[]
}

/**
 * Renews the certificate of a client again and again, while a long-running app and a program that reads the files for each of its
 * connections use it.
 */
export async function carryLoad(t: Cleanable, { life, seconds }: Load): Promise<Carried> {
  const { cert: issuerCert, key: issuerKey } = await createIssuer(credentials.authority, { name: 'renewals' })
  const { socketPath } = await fakeDaemon(t)
  const issuer = { cert: issuerCert, key: issuerKey }
  const { port, events } = await front(
    t,
    { socketPath },
    { issuer, authorize: () => ({ allow: true, renewFor: life }) },
  )
  const folder = join(await temporaryFolder(t), 'client')
  const { ca, cert, key } = await issueClient(credentials.authority, { name: 'alice' })
  await writeClient(folder, { ca, cert, key })
  const first = await endIn(folder)
  const stop = new AbortController()
  const host = `tcp://localhost:${port}`
  const watching = runCli(['client', 'renew', '--watch', '--json', '--host', host, '--cert-path', folder], {
    signal: stop.signal,
  })
  const answers = new Map<string, number>()
  try {
    while ((await endIn(folder)) === first) await delay(20)
    const dispatcher = createDispatcher(parseHost(host), await loadIdentity(folder))
    t.after(() => dispatcher.destroy())
    const end = Date.now() + seconds * 1000
    const repeat = async (ask: () => Promise<string>): Promise<void> => {
      while (Date.now() < end) {
        const answer = await ask().catch((error: unknown) => String(Object(error).code ?? error))
        answers.set(answer, (answers.get(answer) ?? 0) + 1)
        await delay(5)
      }
    }
    // No transport repeats a POST request by itself.
    const app = async (): Promise<string> =>
      String((await collect(dispatcher, { method: 'POST', path: '/containers/prune', lane: 'short' })).status)
    await Promise.all([repeat(app), repeat(app), repeat(app), repeat(() => askOnce(port, folder))])
  } finally {
    stop.abort(new Interrupted(SIGINT_CODE))
  }
  const { code, stdout } = await watching
  const renewals = events.filter(({ event }) => event === 'renewal').length
  const failures = events.flatMap((event) => (event.event === 'failure' ? [String(event.error)] : []))
  return { answers, lines: stdout.trim().split('\n'), exitCode: code, folder, renewals, failures }
}

async function endIn(folder: string): Promise<string> {
  return new X509Certificate(await readFile(join(folder, 'cert.pem'))).validTo
}

/** As the docker command does: a connection with what is in the files, certificate first. */
async function askOnce(port: number, folder: string): Promise<string> {
  const read = (name: string): Promise<string> => readFile(join(folder, `${name}.pem`), 'utf8')
  const [ca, cert, key] = [await read('ca'), await read('cert'), await read('key')]
  // Another pair has come between the two: for less than a millisecond in each renewal, the docker command would have to be run again.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return askOnce(port, folder)
  return new Promise((resolve, reject) => {
    const options = {
      host: 'localhost',
      port,
      path: '/containers/prune',
      method: 'POST',
      agent: false,
      ca,
      cert,
      key,
    } as const
    request(options, (answer) => {
      answer.resume()
      resolve(String(answer.statusCode))
    })
      .once('error', reject)
      .end()
  })
}
