export { definePolicy, parsePolicy } from './policy/file/parse.ts'
export { LEVELS } from './policy/file/types.ts'
export type {
  Allowance,
  HostPath,
  ImagePattern,
  Level,
  LevelModes,
  Policy,
  PolicyRule,
  Who,
} from './policy/file/types.ts'
export { matchesImage } from './policy/file/values/images.ts'
export { identityOfCertificate, type CertificateIdentity, type PolicyIdentity } from './policy/who/identity.ts'
export { matchRule } from './policy/who/match.ts'
export { DockerMtlsError, IdentityError, isDockerMtlsError, PolicyError } from './base/errors.ts'
export type { ErrorCode, IdentityErrorCode, PolicyErrorCode, PolicyFailure, PolicyFault } from './base/errors.ts'
