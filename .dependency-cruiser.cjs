/** Which room may import which: the plan in CONTRIBUTING.md, held by `npm run check`. Every room may import `base/`. */
const MAY_IMPORT = {
  base: '',
  endpoint: '',
  identity: '',
  transport: 'endpoint|identity',
  registry: 'endpoint',
  engine: 'transport|endpoint|identity|registry',
  contexts: 'endpoint|identity',
  container: '',
  // Of policy, the reader of policy files.
  audit: 'container|engine|probe|pki|daemon-config|host|policy|transport|endpoint|identity|registry',
  // Of the engine, the operations as data; of identity, the reader of certificates; of registry, the parser of image names.
  policy: 'container|engine|identity|registry',
  interop: 'transport|endpoint|identity',
  // Of pki, what signs renewed certificates.
  gateway: 'policy|pki|engine|interop|transport|endpoint|identity',
  'authz-plugin': 'gateway|policy|interop|transport|endpoint|identity',
  probe: 'endpoint|identity|transport',
  pki: 'identity',
  'daemon-config': '',
  keystore: 'pki|identity|endpoint|contexts|probe|daemon-config',
  grants: 'policy|keystore|pki|identity',
  host: 'endpoint|transport|daemon-config',
  apply: 'policy|host|keystore|daemon-config|probe|engine|transport|endpoint|identity|contexts|pki',
  setup: 'apply|host|keystore|daemon-config|probe|engine|transport|endpoint|identity|contexts|pki',
  cli: 'authz-plugin|gateway|grants|policy|audit|setup|apply|host|keystore|daemon-config|probe|interop|engine|transport|endpoint|identity|pki|registry|contexts',
}

/**
 * What other rooms may import of the keystore: the folder as it is, where its files are, and one module for each thing that is
 * done with it. They are apart so that a command loads only what it needs.
 */
const KEYSTORE_FACE = [
  'keystore',
  'check',
  'layout',
  'one-day-client',
  'granted',
  'presented',
  'setup-record',
  'retire',
  'stale-contexts',
  '(revocation|revoke)',
  'crl/state',
  'init/init',
  'renew/(renew|known|prometheus|schedule)',
  'rotate/(rotate|state)',
  'client/(answer|folder|request|sign|install|export|list|remove|renew|watch)',
  'issuer',
].join('|')

const rooms = Object.entries(MAY_IMPORT).map(([room, others]) => ({
  name: `${room}-imports-only-its-own`,
  severity: 'error',
  from: { path: `^lib/${room}/` },
  to: {
    path: '^lib/',
    pathNot: [`^lib/${room}/`, '^lib/base/', ...(others ? [`^lib/(${others})/`] : [])],
  },
}))
module.exports = {
  forbidden: [
    ...rooms,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-command-imports-another',
      severity: 'error',
      from: { path: '^lib/cli/commands/([^/]+)\\.ts$' },
      to: { path: '^lib/cli/commands/', pathNot: '^lib/cli/commands/$1' },
    },
    {
      name: 'pki-knows-only-the-readers-of-certificates',
      severity: 'error',
      from: { path: '^lib/pki/' },
      to: { path: '^lib/identity/', pathNot: '^lib/identity/(certificate|crl|der|origin|public-key|serial)\\.ts$' },
    },
    {
      // Policies are pure: they judge what the caller has read.
      name: 'policy-touches-nothing',
      severity: 'error',
      from: { path: '^lib/policy/' },
      to: {
        path: '^((node:)?(fs|net|tls|http|https|http2|dgram|child_process)|lib/base/(files|replace-files|rendered-file|secret-file)\\.ts$)',
      },
    },
    {
      name: 'policy-knows-only-the-data-of-the-engine',
      severity: 'error',
      from: { path: '^lib/policy/' },
      to: {
        path: '^lib/engine/',
        pathNot: '^lib/engine/([^/]+/operations|operation|logs-query|body-fields/(find|table))\\.ts$',
      },
    },
    {
      // Parsing, rendering and signing are pure: whoever has the bytes has them from elsewhere.
      name: 'pki-reads-and-writes-no-files',
      severity: 'error',
      from: { path: '^lib/pki/' },
      to: { path: '^((node:)?fs|lib/base/(files|replace-files|rendered-file|secret-file)\\.ts$)' },
    },
    {
      name: 'keystore-has-one-face',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/keystore/' },
      to: { path: '^lib/keystore/', pathNot: `^lib/keystore/(${KEYSTORE_FACE})\\.ts$` },
    },
    {
      name: 'index-imports-no-server-end',
      severity: 'error',
      from: { path: '^lib/index\\.ts$' },
      to: { path: '^lib/(pki|keystore|daemon-config|probe|host|apply|setup|audit|cli)/' },
    },
    {
      name: 'only-pki-loads-node-forge',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/pki/' },
      to: { path: 'node-forge' },
    },
    {
      name: 'only-builds-load-protobuf',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/engine/workflows/build/buildkit/' },
      to: { path: '@bufbuild/protobuf' },
    },
    {
      name: 'policy-knows-only-image-names-of-the-registry',
      severity: 'error',
      from: { path: '^lib/policy/' },
      to: { path: '^lib/registry/', pathNot: '^lib/registry/reference\\.ts$' },
    },
    {
      // Whoever has the text of a policy has it from elsewhere.
      name: 'policy-reads-no-files',
      severity: 'error',
      from: { path: '^lib/policy/' },
      to: { path: '^((node:)?fs|lib/base/(files|replace-files|rendered-file|secret-file)\\.ts$)' },
    },
    {
      name: 'only-policy-loads-yaml',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/policy/' },
      to: { path: '^node_modules/yaml/' },
    },
    {
      name: 'only-the-cli-loads-commander',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/cli/' },
      to: { path: 'commander' },
    },
    {
      // interop, gateway and authz-plugin have servers. Their connections to a daemon come from transport.
      name: 'only-transport-opens-sockets',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(transport|probe|interop|gateway|authz-plugin)/' },
      to: { path: '^(node:)?(net|http|https|http2|dgram)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
