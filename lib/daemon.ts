export { renderClientEnv, type ClientEnvOptions } from './endpoint/client-env.ts'
export { renderDaemonJson, renderDaemonJsonOverride } from './daemon-config/render-daemon-json.ts'
export {
  parseListen,
  parseListener,
  type Listener,
  type LocalListener,
  type TcpListener,
} from './daemon-config/listen.ts'
export {
  DATA_FACTS_SH,
  parseDataFacts,
  type DataCounts,
  type DataFacts,
  type DataParent,
} from './daemon-config/userns/data-facts.ts'
export type { DaemonOptions, TlsFiles } from './daemon-config/options.ts'
export { renderArgv, renderOverride } from './daemon-config/render-override.ts'
export { SHELLS, type Shell } from './base/quoting/shells.ts'
export {
  parseSubids,
  withLine,
  type IdRange,
  type ParsedSubids,
  type SubidFault,
  type SubidRange,
} from './daemon-config/userns/parse-subids.ts'
export { DOCKER_CE_UNIT, DOCKER_CE_UNIT_LINE, parseUnit, type ParsedUnit } from './daemon-config/unit/parse-unit.ts'
export { parseUserns } from './daemon-config/userns/parse-userns.ts'
export {
  planUserns,
  type UsernsFacts,
  type UsernsMissing,
  type UsernsPlan,
} from './daemon-config/userns/subuid-ranges.ts'
export { daemonWarnings } from './daemon-config/warnings.ts'
export { closedParents, whatDisappears, type UsernsChange } from './daemon-config/userns/hidden-data.ts'
export { ArgumentError, DaemonError, DockerMtlsError, EndpointError, isDockerMtlsError } from './base/errors.ts'
export type { ArgumentErrorCode, DaemonErrorCode, EndpointErrorCode, ErrorCode } from './base/errors.ts'
