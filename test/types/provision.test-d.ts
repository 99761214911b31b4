import {
  initialise,
  renewCertificates,
  rotateAuthority,
  type InitReport,
  type RenewReport,
  type RotationReport,
} from '../../lib/provision.ts'

const made: Promise<InitReport> = initialise({ folder: 'docker-mtls', names: ['build01'], clients: ['ann'] })
const renewed: Promise<RenewReport> = renewCertificates({ folder: 'docker-mtls', clients: ['ann'], days: 90 })
const rotated: Promise<RotationReport> = rotateAuthority({ folder: 'docker-mtls', confirm: ['ann'], phase: 'trust' })
void Promise.all([made, renewed, rotated])

// @ts-expect-error: a host has names
initialise({ folder: 'docker-mtls' })
// @ts-expect-error: days are a number
renewCertificates({ folder: 'docker-mtls', days: '90' })
// @ts-expect-error: an action is one of three
rotateAuthority({ folder: 'docker-mtls', action: 'force' })
// @ts-expect-error: the old authority is dropped by consent, not by an option
rotateAuthority({ folder: 'docker-mtls', yes: true })
