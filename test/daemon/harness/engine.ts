import { spawnSync } from 'node:child_process'
import { findProgram } from '../../../scripts/packages.ts'

/** The newest API version that each engine serves (moby, api/docs/CHANGELOG.md). Without dockerd, tests are skipped. */
const API_VERSIONS: Readonly<Record<string, string>> = { '': '', '26.1': '1.45', '28.5': '1.51' }

/** The dockerd that these tests start. */
export interface TestedEngine {
  /** `26` for 26.1.5. */
  readonly major: number
  /** `26.1` */
  readonly release: string
  /** The newest API version that it serves: `1.45`. */
  readonly api: string
  /** It is this system's own, not one of `--engine`. */
  readonly isSystems: boolean
  /** It keeps images in containerd, whatever daemon.json says: `--engine=docker-containerd`. */
  readonly isContainerd: boolean
}

/** Asks dockerd itself: what tests expect must not depend on what they test. */
export function testedEngine(): TestedEngine {
  const { stdout } = spawnSync(findProgram('dockerd') ?? 'dockerd', ['--version'], { encoding: 'utf8' })
  const release = /version (\d+\.\d+)/.exec(stdout ?? '')?.[1] ?? ''
  const api = API_VERSIONS[release]
  if (api === undefined) throw new Error(`dockerd is ${release || 'missing'}: add its API version here`)
  const engine = process.env['DOCKER_MTLS_ENGINE']
  const isContainerd = engine?.endsWith('/docker-containerd') === true
  return { release, major: Number.parseInt(release, 10), api, isSystems: engine === undefined, isContainerd }
}
