import { GATEWAY_UNIT } from '../../daemon-config/gateway-unit.ts'
import { shellLine } from '../../base/quoting/posix.ts'
import type { FactCall } from '../../host/facts-script.ts'
import { shellProgram } from '../../host/script.ts'
import type { HostShell } from '../../host/shell.ts'

/** The service of the gateway, as systemd has it. */
export interface GatewayState {
  /** `active`, `inactive`, `failed`, `activating`, ...; empty if systemd couldn't be asked. */
  readonly active: string
  readonly sub: string
  /** 0: it doesn't run. */
  readonly pid: number
  /** How often systemd has restarted it since somebody started it. */
  readonly restarts: number
  readonly enabled: boolean
  readonly since: string
  /** The unit file from which systemd has read it; empty: there is none. */
  readonly fragment: string
}

const SHOW = [
  'systemctl',
  'show',
  GATEWAY_UNIT,
  '-p',
  'ActiveState,SubState,MainPID,NRestarts,UnitFileState,ActiveEnterTimestamp,FragmentPath',
] as const

/** The fact that {@link parseGatewayState} parses. */
export function gatewayQuestion(): FactCall {
  return ['said', 'gateway', ...SHOW]
}

/** Asks for the state of the service now. */
export async function readGatewayState(shell: HostShell): Promise<GatewayState> {
  return parseGatewayState((await shell.run(shellProgram(shellLine(...SHOW)))).stdout)
}

/** Parses the output of `systemctl show`. */
export function parseGatewayState(printed: string): GatewayState {
  const of = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(printed)?.[1] ?? ''
  return {
    active: of('ActiveState'),
    sub: of('SubState'),
    pid: Number(of('MainPID')) || 0,
    restarts: Number(of('NRestarts')) || 0,
    enabled: of('UnitFileState') === 'enabled',
    since: of('ActiveEnterTimestamp'),
    fragment: of('FragmentPath'),
  }
}
