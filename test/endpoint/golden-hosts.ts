/**
 * What the Docker CLI 26.1.5 makes of 47 forms of DOCKER_HOST with DOCKER_TLS_VERIFY=1 (executed), and what we make of
 * them: an endpoint, or the code of a refusal.
 */
export interface GoldenRow {
  readonly form: string
  readonly cli: string
  readonly ours: string
}

export const GOLDEN_HOSTS: readonly GoldenRow[] = [
  { form: '', cli: 'tcp://localhost:2376', ours: 'ERR_HOST_REQUIRED' },
  { form: 'tcp://10.0.0.5', cli: 'tcp://10.0.0.5:2375', ours: 'tcp://10.0.0.5:2376' },
  { form: 'tcp://10.0.0.5:2376', cli: 'tcp://10.0.0.5:2376', ours: 'tcp://10.0.0.5:2376' },
  { form: 'tcp://10.0.0.5:', cli: 'tcp://10.0.0.5:2375', ours: 'tcp://10.0.0.5:2376' },
  { form: '10.0.0.5', cli: 'tcp://10.0.0.5:2375', ours: 'tcp://10.0.0.5:2376' },
  { form: '10.0.0.5:2376', cli: 'tcp://10.0.0.5:2376', ours: 'tcp://10.0.0.5:2376' },
  { form: ':2376', cli: 'tcp://localhost:2376', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://', cli: 'tcp://localhost:2375', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://:2376', cli: 'tcp://localhost:2376', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://[::1]', cli: 'refused', ours: 'tcp://[::1]:2376' },
  { form: 'tcp://[::1]:', cli: 'tcp://[::1]:2375', ours: 'tcp://[::1]:2376' },
  { form: 'tcp://[::1]:2376', cli: 'tcp://[::1]:2376', ours: 'tcp://[::1]:2376' },
  { form: '[::1]:2376', cli: 'tcp://[::1]:2376', ours: 'tcp://[::1]:2376' },
  { form: 'tcp://::1', cli: 'tcp://[::1]:2375', ours: 'ERR_HOST_INVALID' },
  { form: '::1', cli: 'tcp://[::1]:2375', ours: 'tcp://[::1]:2376' },
  { form: '[::1]', cli: 'refused', ours: 'tcp://[::1]:2376' },
  { form: 'tcp://[fe80::1%25eth0]:2376', cli: 'tcp://[fe80::1%eth0]:2376', ours: 'tcp://[fe80::1%25eth0]:2376' },
  { form: 'tcp://host:2376/prefix', cli: 'tcp://host:2376/prefix', ours: 'tcp://host:2376/prefix' },
  { form: 'host/path', cli: 'tcp://host:2375/path', ours: 'ERR_HOST_INVALID' },
  { form: 'host:2376/p', cli: 'tcp://host:2376/p', ours: 'tcp://host:2376/p' },
  { form: 'tcp://user:pw@host:2376', cli: 'tcp://host:2376', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://host:2376?x=1', cli: 'tcp://host:2376', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://host:2376#f', cli: 'tcp://host:2376', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://host:99999', cli: 'tcp://host:99999', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://host:0', cli: 'tcp://host:0', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://host:abc', cli: 'refused', ours: 'ERR_HOST_INVALID' },
  { form: 'http://10.0.0.5:2375', cli: 'refused', ours: 'ERR_PLAINTEXT_REFUSED' },
  { form: 'https://10.0.0.5:2376', cli: 'refused', ours: 'tcp://10.0.0.5:2376' },
  { form: 'https://host', cli: 'refused', ours: 'tcp://host:443' },
  { form: 'unix://', cli: 'unix:///var/run/docker.sock', ours: 'unix:///var/run/docker.sock' },
  { form: 'unix:///var/run/docker.sock', cli: 'unix:///var/run/docker.sock', ours: 'unix:///var/run/docker.sock' },
  { form: 'unix://rel/docker.sock', cli: 'unix://rel/docker.sock', ours: 'ERR_HOST_INVALID' },
  { form: 'unix:/var/run/docker.sock', cli: 'tcp://unix:2375/var/run/docker.sock', ours: 'ERR_HOST_INVALID' },
  {
    form: '/var/run/docker.sock',
    cli: 'tcp://localhost:2375/var/run/docker.sock',
    ours: 'unix:///var/run/docker.sock',
  },
  { form: 'npipe://', cli: 'npipe:////./pipe/docker_engine', ours: 'npipe:////./pipe/docker_engine' },
  {
    form: 'npipe:////./pipe/docker_engine',
    cli: 'npipe:////./pipe/docker_engine',
    ours: 'npipe:////./pipe/docker_engine',
  },
  { form: 'ssh://user@host', cli: 'ssh://user@host', ours: 'ssh://user@host' },
  { form: 'ssh://user:pw@host', cli: 'ssh://user:pw@host', ours: 'ERR_HOST_INVALID' },
  {
    form: 'ssh://user@host:22/run/docker.sock',
    cli: 'ssh://user@host:22/run/docker.sock',
    ours: 'ssh://user@host:22/run/docker.sock',
  },
  { form: 'fd://', cli: 'fd://', ours: 'ERR_HOST_INVALID' },
  { form: 'fd://3', cli: 'fd://3', ours: 'ERR_HOST_INVALID' },
  { form: 'TCP://host:2376', cli: 'refused', ours: 'tcp://host:2376' },
  { form: ' tcp://host:2376 ', cli: 'tcp://host:2376', ours: 'tcp://host:2376' },
  { form: 'udp://host', cli: 'refused', ours: 'ERR_HOST_INVALID' },
  { form: 'localhost', cli: 'tcp://localhost:2375', ours: 'tcp://localhost:2376' },
  { form: 'tcp://host name:2376', cli: 'refused', ours: 'ERR_HOST_INVALID' },
  { form: 'tcp://HOST:2376', cli: 'tcp://HOST:2376', ours: 'tcp://host:2376' },
]
