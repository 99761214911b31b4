export { bridge, type Bridge, type BridgeOptions } from './bridge.ts'
export { toDockerodeOptions, type DockerodeOptions } from './dockerode.ts'
export { toHttpsAgent } from './https-agent.ts'
export { toNodeSdkAgent, type NodeSdkAgent } from './node-sdk.ts'
export type { ConnectionSource, EndpointAndIdentity } from './source.ts'
export {
  ArgumentError,
  ConnectionError,
  DockerMtlsError,
  FileError,
  IdentityError,
  isDockerMtlsError,
} from '../errors.ts'
export type { ArgumentErrorCode, ConnectionErrorCode, ErrorCode, FileErrorCode, IdentityErrorCode } from '../errors.ts'
