export { bridge, type Bridge, type BridgeOptions } from './interop/bridge.ts'
export { toDockerodeOptions, type DockerodeOptions } from './interop/dockerode.ts'
export { toHttpsAgent } from './interop/https-agent.ts'
export { toNodeSdkAgent, type NodeSdkAgent } from './interop/node-sdk.ts'
export type { ConnectionSource, EndpointAndIdentity } from './interop/source.ts'
export {
  ArgumentError,
  ConnectionError,
  DockerMtlsError,
  FileError,
  IdentityError,
  isDockerMtlsError,
} from './base/errors.ts'
export type {
  ArgumentErrorCode,
  ConnectionErrorCode,
  ErrorCode,
  FileErrorCode,
  IdentityErrorCode,
} from './base/errors.ts'
