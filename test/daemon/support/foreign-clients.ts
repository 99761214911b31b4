import { testedEngine } from '../harness/engine.ts'
import { runCommand, untilAlert, type CommandResult } from '../../support/command.ts'

/** Whom a client is to talk to, and with what. */
export interface Errand {
  readonly port: number
  /** A folder with ca.pem, and cert.pem and key.pem where there is a certificate to show. */
  readonly certPath: string
  /** The variables as renderClientEnv() writes them for sh, for what is read from the environment. */
  readonly envFile: string
}

/** How an errand may go: as it should, and in every way that must fail. */
export type Outcome =
  | 'ours'
  | 'no certificate'
  | "a foreign CA's certificate"
  | 'a daemon of a foreign CA'
  | 'plain HTTP'

/** Somebody else's client: what it says in each case. */
export interface ForeignClient {
  readonly name: string
  readonly needs: readonly string[]
  readonly run: (outcome: Outcome, errand: Errand) => Promise<CommandResult>
  readonly says: Readonly<Record<Outcome, RegExp>>
}

/** In sh, with nothing in its environment but what the file sets. */
function withVariables({ envFile }: Errand, ...command: string[]): Promise<CommandResult> {
  return untilAlert(() => runCommand('sh', ['-c', '. "$1" && shift && exec "$@"', 'sh', envFile, ...command]))
}

const PING = `
import docker, sys
from docker.tls import TLSConfig
outcome, port, folder = sys.argv[1:]
ca, pair = f'{folder}/ca.pem', (f'{folder}/cert.pem', f'{folder}/key.pem')
def client():
    if outcome == 'plain HTTP':
        return docker.DockerClient(base_url=f'http://localhost:{port}', version='auto')
    if outcome == 'no certificate':
        return docker.DockerClient(base_url=f'tcp://localhost:{port}', tls=TLSConfig(ca_cert=ca, verify=True), version='auto')
    return docker.from_env()
try:
    print(client().version()['ApiVersion'])
except Exception as error:
    sys.exit(f'{type(error).__name__}: {error}')
`

function curl(outcome: Outcome, { port, certPath }: Errand): Promise<CommandResult> {
  const own = outcome === 'no certificate' ? [] : ['--cert', `${certPath}/cert.pem`, '--key', `${certPath}/key.pem`]
  const scheme = outcome === 'plain HTTP' ? 'http' : 'https'
  const url = `${scheme}://localhost:${port}/_ping`
  return untilAlert(() =>
    runCommand('curl', ['-sS', '--fail-with-body', '--cacert', `${certPath}/ca.pem`, ...own, url]),
  )
}

/** `docker`, `curl` and Python's `docker`. */
export const FOREIGN_CLIENTS: readonly ForeignClient[] = [
  {
    name: 'the Docker CLI',
    needs: ['docker'],
    run: (outcome, errand) => {
      const command = ['docker', 'version', '--format', '{{.Server.APIVersion}}']
      if (outcome !== 'plain HTTP') return withVariables(errand, ...command)
      return runCommand('docker', ['-H', `tcp://localhost:${errand.port}`, ...command.slice(1)])
    },
    says: {
      get ours() {
        return new RegExp(`^${testedEngine().api}$`, 'm')
      },
      'no certificate': /certificate required/,
      "a foreign CA's certificate": /certificate required/,
      'a daemon of a foreign CA': /certificate signed by unknown authority/,
      'plain HTTP': /Client sent an HTTP request to an HTTPS server/,
    },
  },
  {
    name: 'curl',
    needs: ['curl'],
    run: curl,
    says: {
      ours: /^OK$/,
      'no certificate': /certificate required/,
      "a foreign CA's certificate": /unknown ca/,
      'a daemon of a foreign CA': /unable to get local issuer certificate/,
      'plain HTTP': /Client sent an HTTP request to an HTTPS server/,
    },
  },
  {
    name: "Python's docker",
    needs: ['/usr/lib/python3/dist-packages/docker/__init__.py'],
    run: (outcome, errand) =>
      withVariables(errand, 'python3', '-c', PING, outcome, String(errand.port), errand.certPath),
    says: {
      get ours() {
        return new RegExp(`^${testedEngine().api}$`, 'm')
      },
      'no certificate': /certificate required/i,
      "a foreign CA's certificate": /unknown ca/i,
      'a daemon of a foreign CA': /certificate verify failed/i,
      'plain HTTP': /Client sent an HTTP request to an HTTPS server|400 Client Error/,
    },
  },
]
