/** Judged by tsc alone: what must not be rendered can't be written down. */
import { type DaemonOptions, renderClientEnv, renderDaemonJson, renderOverride } from '../../lib/daemon.ts'

const tls = { ca: '/ca.pem', cert: '/cert.pem', key: '/key.pem' }

renderOverride({ tls })
renderOverride({ tls, listen: ['fd://', 'unix:///run/docker.sock', 'tcp://0.0.0.0:2376', 'tcp://[::]:2376'] })

// @ts-expect-error a TCP listener without TLS
renderOverride({ listen: ['tcp://0.0.0.0:2376'] })
// @ts-expect-error no TLS, in the second form
renderDaemonJson({ listen: ['fd://', 'tcp://0.0.0.0:2376'] })
// @ts-expect-error TLS that is left out on purpose
renderOverride({ tls: undefined, listen: ['tcp://0.0.0.0:2376'] })
// @ts-expect-error without a CA, dockerd would trust those of the system
renderOverride({ tls: { cert: '/cert.pem', key: '/key.pem' } })
// @ts-expect-error verification is no option
renderOverride({ tls, tlsverify: false })
// @ts-expect-error nor is it one of the files
renderOverride({ tls: { ...tls, verify: false } })
// @ts-expect-error no scheme
renderOverride({ tls, listen: ['0.0.0.0:2376'] })
// @ts-expect-error a scheme that dockerd doesn't listen on
renderOverride({ tls, listen: ['http://0.0.0.0:2376'] })
// @ts-expect-error no shell of ours
renderClientEnv({ host: 'tcp://h:2376', certPath: '/x' }, 'csh')
// @ts-expect-error no verification to switch off
renderClientEnv({ host: 'tcp://h:2376', certPath: '/x', tlsVerify: false }, 'bash')

/** Options that were checked elsewhere keep their type. */
export const checked: DaemonOptions = { tls, listen: ['tcp://0.0.0.0:2376'] }
