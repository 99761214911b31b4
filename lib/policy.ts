export { decideAsking } from './policy/decide-asking.ts'
export { decide, type Decision } from './policy/decide.ts'
export { Facts, type Need } from './policy/facts.ts'
export { definePolicy, parsePolicy } from './policy/file/parse.ts'
export { LEVELS } from './policy/file/types.ts'
export type {
  Allowed,
  Denied,
  HostPath,
  ImagePattern,
  Level,
  LevelModes,
  Only,
  Policy,
  PolicyRule,
  RenewRule,
  Who,
} from './policy/file/types.ts'
export { identityOfCertificate, type CertificateIdentity, type PolicyIdentity } from './policy/who/identity.ts'
export { DockerMtlsError, IdentityError, isDockerMtlsError, PolicyError } from './base/errors.ts'
export type { ErrorCode, IdentityErrorCode, PolicyErrorCode, PolicyFailure, PolicyFault } from './base/errors.ts'
export { readRequest } from './policy/reading/read.ts'
export { writeRequest, type WrittenRequest } from './policy/writing.ts'
export type {
  DecidingCode,
  Json,
  JsonObject,
  JudgingCode,
  PolicyRequest,
  ReadingCode,
  ReadOperation,
  ReadRequest,
  Reason,
  ReasonCode,
} from './policy/request.ts'
